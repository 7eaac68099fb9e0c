/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The flame graph: zoom, search, keyboard. The tree comes ready made, parents before children and
   children side by side; only what is wide enough to be seen becomes an element. */

const FLAME = {n: 0, root: 0, zoom: 0, focus: 0, weight: "populated", query: "", shown: new Map()};
const NODE = 5; /* numbers a node */
const MOST_NODES = 10000; /* elements: below it a browser stays quick */

const flameFrame = i => FRAMES[Number(DATA.flame[i * NODE])];
const flameParent = i => Number(DATA.flame[i * NODE + 1]);
const flamePages = i => DATA.flame[i * NODE + 2];
const flameZero = i => DATA.flame[i * NODE + 3];
const flameColor = i => DATA.flame[i * NODE + 4];
const flameWeight = i => Number(FLAME.weight === "zero" ? flameZero(i) : flamePages(i));

/* For each node the range of its children. */
function flameIndex() {
	FLAME.n = DATA.flame.length / NODE;
	FLAME.first = new Uint32Array(FLAME.n + 1).fill(FLAME.n);
	FLAME.end = new Uint32Array(FLAME.n + 1);
	for (let i = 1; i < FLAME.n; i++) {
		const parent = flameParent(i);

		FLAME.first[parent] = Math.min(FLAME.first[parent], i);
		FLAME.end[parent] = i + 1;
	}
}

function* flameChildren(i) {
	for (let k = FLAME.first[i]; k < FLAME.end[i]; k++)
		yield k;
}

/* The width that a node divides among its children: a sum that was capped at 2^63 - 1 can be less than
 * its parts. */
function flameWhole(i) {
	let parts = 0;

	for (const k of flameChildren(i))
		parts += flameWeight(k);
	return Math.max(parts, flameWeight(i), 1);
}

/* The nodes that are visible when the view is zoomed to a node: its callers at full width, and all nodes
 * below that are wide enough. */
function flameLayout(zoom, narrowest) {
	const boxes = [];

	for (let i = zoom; i !== 0;) {
		i = flameParent(i);
		boxes.unshift({i, left: 0, width: 1, above: true});
	}
	boxes.forEach((box, depth) => { box.depth = depth; });
	if (!flameWeight(zoom))
		return boxes;
	const first = boxes.length;
	boxes.push({i: zoom, left: 0, width: 1, depth: first});
	for (let b = first; b < boxes.length && boxes.length < MOST_NODES; b++) {
		const whole = flameWhole(boxes[b].i);
		let left = boxes[b].left;

		for (const i of flameChildren(boxes[b].i)) {
			const width = boxes[b].width * flameWeight(i) / whole;

			if (width >= narrowest)
				boxes.push({i, left, width, depth: boxes[b].depth + 1});
			left += width;
		}
	}
	return boxes;
}

/* --- words --- */

const KINDS = {end: "end of the chain", origin: "in the kernel", process: "process"};

function flameText(i) {
	const frame = flameFrame(i), zero = flameZero(i);
	const words = [frame.name];

	if (frame.inlined)
		words.push("inlined");
	if (frame.module)
		words.push(frame.module);
	if (frame.file)
		words.push(frame.line ? `${frame.file}:${frame.line}` : frame.file);
	if (KINDS[frame.kind])
		words.push(KINDS[frame.kind]);
	words.push(`${plural(flamePages(i), "page")} (${percent(flamePages(i), flamePages(0))})`);
	words.push(`${count(zero)} of them zero pages`);
	if (i === FLAME.zoom && FLAME.shown.size >= MOST_NODES)
		words.push("more levels than can be drawn at once: zoom in to see them");
	return words.join(" · ");
}

/* --- elements --- */

function flameElement(box) {
	const frame = flameFrame(box.i), pages = Number(flamePages(box.i));
	const zero = h("i", {class: "zero"});
	const element = h("div", {
		class: `node c${flameColor(box.i)} ${frame.kind}${box.above ? " above" : ""}` +
			(frame.inlined ? " inlined" : ""),
		role: "treeitem", tabindex: -1, "data-i": box.i, "aria-level": box.depth + 1,
		"aria-label": flameText(box.i)}, frame.name, zero);

	element.style.left = 100 * box.left + "%";
	element.style.width = 100 * box.width + "%";
	element.style.top = `calc(${box.depth} * var(--row))`;
	zero.style.width = pages ? 100 * Math.min(1, Number(flameZero(box.i)) / pages) + "%" : 0;
	return element;
}

function flameFocus(i, take) {
	FLAME.shown.get(FLAME.focus)?.setAttribute("tabindex", -1);
	FLAME.focus = FLAME.shown.has(i) ? i : FLAME.zoom;
	const element = FLAME.shown.get(FLAME.focus);
	element?.setAttribute("tabindex", 0);
	if (take)
		element?.focus({preventScroll: false});
}

function flameDraw() {
	const graph = document.getElementById("graph");
	const boxes = flameLayout(FLAME.zoom, 1 / Math.max(200, graph.clientWidth));
	const hadFocus = graph.contains(document.activeElement);
	const depth = boxes.reduce((deepest, box) => Math.max(deepest, box.depth + 1), 1);

	FLAME.shown.clear();
	for (const box of boxes)
		FLAME.shown.set(box.i, flameElement(box));
	graph.replaceChildren(...FLAME.shown.values());
	graph.style.height = `calc(${depth} * var(--row))`;
	graph.classList.toggle("nothing", !flameWeight(FLAME.zoom));
	document.getElementById("reset").disabled = FLAME.zoom === 0;
	flameFocus(FLAME.focus, hadFocus);
	flameHighlight();
}

function flameZoom(i) {
	FLAME.zoom = FLAME.focus = i;
	flameDraw();
	document.getElementById("frame").textContent = clean(flameText(i));
}

/* --- search --- */

/* Sums the pages below the outermost frames that match: each page counts once, however often the name
 * occurs in its chain. */
function flameSearch() {
	const query = FLAME.query.toLowerCase();
	const hits = FRAMES.map(f => query !== "" && (f.name.toLowerCase().includes(query) ||
		(f.function ?? "").toLowerCase().includes(query) ||
		(f.module ?? "").toLowerCase().includes(query)));
	const inside = new Uint8Array(FLAME.n);
	const found = {nodes: 0, pages: 0, hits};

	for (let i = 0; i < FLAME.n; i++) {
		const hit = hits[Number(DATA.flame[i * NODE])] && i > 0;
		const above = i > 0 && inside[flameParent(i)];

		found.nodes += hit ? 1 : 0;
		if (hit && !above)
			found.pages += flameWeight(i);
		inside[i] = hit || above ? 1 : 0;
	}
	return found;
}

function flameHighlight() {
	const graph = document.getElementById("graph"), matched = document.getElementById("matched");

	graph.classList.toggle("searched", FLAME.query !== "");
	matched.textContent = "";
	if (FLAME.query === "")
		return FLAME.shown.forEach(element => element.classList.remove("hit"));
	const found = flameSearch();
	for (const [i, element] of FLAME.shown)
		element.classList.toggle("hit", i > 0 && found.hits[Number(DATA.flame[i * NODE])]);
	matched.textContent = found.nodes ? `matched ${percent(found.pages, flameWeight(0))} · ` +
		plural(found.nodes, "frame") : "no match";
}

/* --- mouse and keyboard --- */

function flameNeighbour(i, step) {
	const shown = [...flameChildren(flameParent(i))].filter(k => k && FLAME.shown.has(k));

	return shown[shown.indexOf(i) + step] ?? i;
}

function flameKey(event) {
	const i = FLAME.focus;
	const go = {
		ArrowUp: () => flameFocus(flameParent(i), true),
		ArrowDown: () => flameFocus([...flameChildren(i)].find(k => FLAME.shown.has(k)) ?? i, true),
		ArrowLeft: () => flameFocus(flameNeighbour(i, -1), true),
		ArrowRight: () => flameFocus(flameNeighbour(i, 1), true),
		Enter: () => flameZoom(i),
		" ": () => flameZoom(i),
		Escape: () => flameZoom(0),
		Home: () => flameZoom(0),
	}[event.key];

	if (!go || event.ctrlKey || event.metaKey || event.altKey)
		return;
	event.preventDefault();
	go();
}

function flameListen(graph) {
	const search = document.getElementById("search"), readout = document.getElementById("frame");
	const nodeOf = event => event.target.closest?.(".node");
	const tell = event => {
		const node = nodeOf(event);

		readout.textContent = clean(flameText(node ? Number(node.dataset.i) : FLAME.zoom));
	};

	graph.addEventListener("click", event => nodeOf(event) && flameZoom(Number(nodeOf(event).dataset.i)));
	graph.addEventListener("keydown", flameKey);
	graph.addEventListener("pointerover", tell);
	graph.addEventListener("focusin", event => {
		flameFocus(Number(nodeOf(event).dataset.i), false);
		tell(event);
	});
	document.getElementById("reset").addEventListener("click", () => flameZoom(0));
	search.addEventListener("input", () => {
		FLAME.query = search.value.trim();
		flameHighlight();
	});
	document.addEventListener("keydown", event => {
		if (event.key !== "/" || event.ctrlKey || event.target instanceof HTMLInputElement)
			return;
		event.preventDefault();
		search.focus();
	});
	for (const radio of document.querySelectorAll("input[name=weight]"))
		radio.addEventListener("change", () => {
			FLAME.weight = radio.value;
			flameZoom(FLAME.zoom);
		});
}

function showFlame(section) {
	const graph = document.getElementById("graph");

	flameIndex();
	if (flamePages(0) == 0) {
		section.querySelectorAll(":scope > :not(h2)").forEach(e => e.remove());
		section.append(h("p", {class: "none"}, "This record has no call site that populated a page."));
		return;
	}
	flameListen(graph);
	flameZoom(0);
	let width = graph.clientWidth;
	new ResizeObserver(() => {
		if (graph.clientWidth === width)
			return;
		width = graph.clientWidth;
		flameDraw();
	}).observe(graph);
}
