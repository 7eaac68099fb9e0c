/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Draws populated pages and RSS over the window, below the migration's phases; again for each width. */

const SERIES = [
	{key: "populated_pages", label: "populated", cls: "populated"},
	{key: "rss_pages", label: "RSS", cls: "rss"},
	{key: "released_pages", label: "given back", cls: "back"},
];
const CHART = {height: 230, left: 66, right: 14, top: 12, bottom: 26};
/* Draws the strip of phases above the plot, if the record has phases. */
const STRIP = {height: 19, gap: 7, letter: 6.3};

function phaseName(phase) {
	return phase.round ? `${phase.name}, round ${phase.round}` : phase.name;
}

function phaseAt(ns) {
	return RECORD.phases.find(p => Number(ns) >= Number(p.begin_ns) && Number(ns) <= Number(p.end_ns));
}

/* Draws as much of the phase's name as there is room for. */
function phaseLabel(phase, room) {
	const words = phase.round ? [`${phase.name} ${phase.round}`, `${phase.round}`] : [phase.name];

	return words.find(text => text.length * STRIP.letter + 6 <= room) ?? "";
}

function drawPhases(scale) {
	for (const phase of RECORD.phases) {
		const x = scale.x(phase.begin_ns), width = Math.max(scale.x(phase.end_ns) - x, 1.5);
		const cls = "phase " + phase.name;

		chart.append(s("g", {class: cls},
			s("title", null, `${phaseName(phase)}: ${time(Number(phase.end_ns) - Number(phase.begin_ns))}`),
			s("rect", {class: "shade", x, width, y: scale.top, height: scale.bottom - scale.top}),
			s("rect", {class: "band", x, width, y: CHART.top, height: STRIP.height}),
			s("text", {x: x + width / 2, y: CHART.top + 13.5, "text-anchor": "middle"},
				phaseLabel(phase, width))));
	}
}

/* How long each phase took; the rounds of precopy are added up. */
function phaseLegend() {
	const sums = new Map();

	for (const p of RECORD.phases) {
		const sum = sums.get(p.name) ?? {ns: 0, n: 0};

		sum.ns += Number(p.end_ns) - Number(p.begin_ns);
		sum.n++;
		sums.set(p.name, sum);
	}
	return h("ul", {class: "legend phases", "aria-label": "Phases of the migration"}, [...sums].map(([name, {ns, n}]) =>
		h("li", null, h("i", {class: "band-key " + name}), `${name} ${time(ns)}` +
			(name === "precopy" && n > 1 ? ` in ${n} rounds` : ""))));
}

/* About "n" round figures, from 0 to above "top". */
function ticksUpTo(top, n, base) {
	const unit = base ** Math.floor(Math.log(top / n) / Math.log(base));
	const steps = base === 10 ? [1, 2, 5, 10] : [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024];
	const step = unit * steps.find(k => unit * k * n >= top);
	const ticks = [];

	for (let v = 0; v < top + step; v += step)
		ticks.push(v);
	return ticks;
}

function timelineScale(ticks, width) {
	const page = RECORD.host.page_size || 1, last = Number(ticks[ticks.length - 1].t_ns);
	const end = Math.max(last, Number(RECORD.window.end_ns) - Number(RECORD.window.start_ns), 1);
	let top = 1;

	for (const tick of ticks)
		for (const {key} of SERIES)
			top = Math.max(top, known(tick[key]) ? Number(tick[key]) : 0);
	const yTicks = ticksUpTo(top * page, 4, RECORD.host.page_size ? 1024 : 10);
	const room = width - CHART.left - CHART.right;
	const top_y = CHART.top + (RECORD.phases.length ? STRIP.height + STRIP.gap : 0);
	const bottom = CHART.height - CHART.bottom;
	return {
		yTicks, bottom, end, top: top_y,
		x: ns => CHART.left + room * Number(ns) / end,
		y: bytes => bottom - (bottom - top_y) * bytes / yTicks[yTicks.length - 1],
		of: (tick, key) => Number(tick[key]) * page,
		label: RECORD.host.page_size ? size : count,
	};
}

function drawAxes(scale, width) {
	const seconds = ticksUpTo(scale.end / 1e9, width > 600 ? 8 : 4, 10).filter(t => t * 1e9 <= scale.end);

	for (const v of scale.yTicks)
		chart.append(s("line", {class: "grid", x1: CHART.left, x2: width - CHART.right,
			y1: scale.y(v), y2: scale.y(v)}),
			s("text", {x: CHART.left - 8, y: scale.y(v) + 4, "text-anchor": "end"}, scale.label(v)));
	for (const t of seconds)
		chart.append(s("text", {x: scale.x(t * 1e9), y: CHART.height - 8,
			"text-anchor": t ? "middle" : "start"}, `${Number(t.toPrecision(4))} s`));
}

function drawSeries(scale, ticks, {key, cls}) {
	const points = ticks.filter(t => known(t[key])).map(t => [scale.x(t.t_ns), scale.y(scale.of(t, key))]);

	if (!points.length)
		return;
	/* Counts begin at 0; the record does not say how large the process was then. */
	if (key !== "rss_pages")
		points.unshift([CHART.left, scale.bottom]);
	const path = "M" + points.map(p => p.map(v => v.toFixed(1)).join(" ")).join("L");
	if (cls === "populated")
		chart.append(s("path", {class: "area", d: `${path}L${points[points.length - 1][0]} ${scale.bottom}Z`}));
	chart.append(s("path", {class: "line " + cls, d: path}));
	if (points.length === 1)
		chart.append(s("circle", {class: "line " + cls, cx: points[0][0], cy: points[0][1], r: 2.5}));
}

function tickText(tick) {
	const value = key => known(tick[key]) && RECORD.host.page_size ?
		pagesAsSize(tick[key]) : count(tick[key]);

	const phase = phaseAt(tick.t_ns);

	return `${time(tick.t_ns)}${phase ? " (" + phaseName(phase) + ")" : ""}: populated ${value("populated_pages")} · RSS ${value("rss_pages")} · ` +
		`given back ${value("released_pages")} · ${plural(tick.faults, "fault")}`;
}

function timelineReader(ticks, readout) {
	let scale, cursor, at = -1;

	function show(i) {
		at = Math.max(0, Math.min(ticks.length - 1, i));
		const x = scale.x(ticks[at].t_ns);
		cursor.setAttribute("x1", x);
		cursor.setAttribute("x2", x);
		cursor.removeAttribute("visibility");
		readout.textContent = tickText(ticks[at]);
	}
	chart.addEventListener("pointermove", event => {
		const x = event.clientX - chart.getBoundingClientRect().left;
		let best = 0;

		for (let i = 1; i < ticks.length; i++)
			if (Math.abs(scale.x(ticks[i].t_ns) - x) < Math.abs(scale.x(ticks[best].t_ns) - x))
				best = i;
		show(best);
	});
	chart.addEventListener("keydown", event => {
		const step = {ArrowLeft: -1, ArrowRight: 1}[event.key];

		if (!step)
			return;
		event.preventDefault();
		show(at + step);
	});
	return newScale => {
		scale = newScale;
		cursor = s("line", {class: "cursor", y1: CHART.top, y2: scale.bottom, visibility: "hidden"});
		chart.append(cursor);
	};
}

function showTimeline(section) {
	const ticks = RECORD.timeline;

	if (!ticks.length) {
		chart.remove();
		section.append(h("p", {class: "none"}, "This record has no timeline."));
		return;
	}
	const shown = SERIES.filter(x => ticks.some(t => known(t[x.key]) && t[x.key] > 0));
	const readout = h("p", {class: "readout"}, tickText(ticks[ticks.length - 1]));
	const reader = timelineReader(ticks, readout);

	chart.before(h("ul", {class: "legend"}, shown.map(x =>
		h("li", null, h("i", {class: "key " + x.cls}), x.label))));
	if (RECORD.phases.length)
		chart.before(phaseLegend());
	chart.after(readout);
	chart.setAttribute("aria-label", "Population and RSS over time. At the end, after " +
		tickText(ticks[ticks.length - 1]));
	new ResizeObserver(() => {
		const width = Math.max(280, chart.clientWidth);

		if (chart.viewBox.baseVal?.width === width)
			return;
		chart.setAttribute("viewBox", `0 0 ${width} ${CHART.height}`);
		chart.replaceChildren();
		const scale = timelineScale(ticks, width);
		drawPhases(scale);
		drawAxes(scale, width);
		shown.forEach(x => drawSeries(scale, ticks, x));
		reader(scale);
	}).observe(chart);
}
