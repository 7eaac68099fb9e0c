/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The result in one sentence, six figures and one bar, which is all that most readers need. */

function bookState(row) {
	const may = known(row.uncertainty_pages) && row.uncertainty_pages > 0 ? row.uncertainty_pages : 0;

	if (!known(row.residual_pages))
		return "unknown";
	return row.residual_pages <= may && row.residual_pages >= -may ? "good" : "bad";
}

function targetName() {
	const t = RECORD.target;

	return t ? t.guest ?? (t.exe ? baseName(t.exe) : t.comm ?? "?") : "no process";
}

function windowText() {
	const w = RECORD.window, ns = Number(w.end_ns) - Number(w.start_ns);
	const length = ns > 0 ? time(ns) : "a window of unknown length";

	return known(w.opened_by_text) || known(w.closed_by_text) ?
		`${length}, ${w.opened_by_text ?? "?"} → ${w.closed_by_text ?? "?"}` : length;
}

function headline() {
	const {populated_pages: pages, zero_populated_pages: zero} = RECORD.totals;

	if (!known(pages))
		return [null, "How many pages were populated is not known."];
	if (pages == 0)
		return ["good", "No page was populated."];
	if (!known(zero))
		return [null, `${plural(pages, "page was", "pages were")} populated; how many of them ` +
			"were zero pages is not known in this mode."];
	if (zero == 0)
		return ["good", `${plural(pages, "page was", "pages were")} populated, ` +
			"and no zero page among them was for nothing."];
	return ["bad", `${percent(zero, pages)} of the populated pages were zero pages nobody needed.`];
}

/* --- the six figures --- */

function tile(label, state, value, ...notes) {
	const mark = {good: "✓ ", bad: "✕ ", warn: "! "}[state] ?? "";

	return h("div", {class: "tile " + (state ?? "")}, h("dt", null, label),
		h("dd", null, h("b", null, mark, value), notes.filter(n => n).map(n => h("span", null, n))));
}

function populatedTile() {
	const by = access => sum(RECORD.callsites.filter(c => c.access === access),
		c => c.populated_pages) ?? 0;
	const t = RECORD.totals;

	return tile("Populated", null, figure(t.populated_pages), pagesAsSize(t.populated_pages),
		RECORD.callsites.length ?
			`read ${count(by("read"))} · write ${count(by("write"))} · call ${count(by("none"))}` : "");
}

function zeroTile() {
	const {populated_pages: pages, zero_populated_pages: zero} = RECORD.totals;

	return tile("Zero pages nobody needed", known(zero) ? zero > 0 ? "bad" : "good" : null,
		figure(zero), pagesAsSize(zero), known(zero) && pages > 0 ? percent(zero, pages) : "");
}

function backTile() {
	const t = RECORD.totals;

	return tile("Given back", null, figure(t.released_pages), pagesAsSize(t.released_pages),
		known(t.advice_calls) ? `${plural(t.advice_calls, "call")} for ${size(t.advice_bytes)}` : "");
}

function booksTile() {
	const rows = RECORD.accounting, bad = rows.filter(r => bookState(r) === "bad");
	const checked = rows.filter(r => bookState(r) !== "unknown");

	if (bad.length)
		return tile("Books", "bad", "do not balance",
			`residual ${count(sum(bad, r => r.residual_pages))} in ${plural(bad.length, "row")} ` +
			`of ${checked.length}`);
	if (!checked.length)
		return tile("Books", "warn", "cannot be checked");
	return tile("Books", "good", "balance",
		`kernel ${count(sum(checked, r => r.kernel_pages))}`,
		`traced ${count(sum(checked, r => r.traced_pages))}`);
}

function lostTile() {
	const lost = RECORD.lost, all = RECORD.totals.populated_pages;
	const without = lost.chainless_pages;
	const chains = !known(without) ? "chains may not be whole" : without > 0 ?
		`no whole chain for ${plural(without, "page")} (${percent(without, all)})` :
		lost.verdict === "chains" ? "some chains are not whole" : "";
	const room = lost.room.map(r => `no room in the table of ${r.table ?? "?"}` +
		(r.module ? ` for ${baseName(r.module)}` : "") +
		(r.pages > 0 ? `: ${plural(r.pages, "page")} (${percent(r.pages, all)})` : ""));

	switch (lost.verdict) {
	case "nothing":
		return tile("Lost", "good", "nothing");
	case "chains":
		return tile("Lost", room.length || Number(without) > Number(all) / 100 ? "bad" : "warn", "no event", chains,
			...room);
	case "events":
		return tile("Lost", "bad", plural(lost.events, "event"), without > 0 ? chains : "", ...room);
	default:
		return tile("Lost", "warn", UNKNOWN);
	}
}

function costTile() {
	const o = RECORD.overhead;
	const each = o.ns_per_event ?? (o.events > 0 && known(o.bpf_ns) ?
		Number(o.bpf_ns) / Number(o.events) : null);

	return tile("Cost of tracing", null, known(each) ? time(each) + " an event" : "not measured",
		known(o.events) ? plural(o.events, "event") : "", known(o.bpf_ns) ? time(o.bpf_ns) : "");
}

/* --- pages by category --- */

function categoryShares() {
	const names = new Set(RECORD.callsites.map(c => c.category ?? "other"));

	return [...names].map(name => ({name, pages: sum(RECORD.callsites.filter(c =>
		(c.category ?? "other") === name), c => c.populated_pages)}))
		.filter(x => x.pages > 0).sort((a, b) => compareValues(a.pages, b.pages, true));
}

function categoryBar() {
	const shares = categoryShares(), all = sum(shares, x => x.pages);
	const bar = h("div", {class: "stack", "aria-hidden": "true"});

	for (const share of shares) {
		const part = h("i", {class: "c" + categoryColor(share.name),
			title: `${share.name}: ${plural(share.pages, "page")}`});
		part.style.flexGrow = Number(share.pages) / Number(all);
		bar.append(part);
	}
	/* a sum for "other" alone says nothing */
	return shares.some(x => x.name !== "other") ? h("div", {class: "for"}, bar, h("ul", {class: "legend"},
		shares.map(x => h("li", null, dot(categoryColor(x.name)), h("span", {class: "cut"}, x.name),
			h("b", null, count(x.pages)), h("span", {class: "soft"}, percent(x.pages, all)))))) : null;
}

function showVerdict(section) {
	const [state, sentence] = headline(), t = RECORD.target, others = RECORD.targets.length - 1;
	const stack = RECORD.stack === "none" ? "no" : RECORD.stack ?? "unknown";

	section.append(h("h1", {class: state}, sentence),
		h("p", {class: "about"},
			h("b", {class: "cut"}, targetName()), t ? h("span", null, "pid " + t.pid) : null,
			others > 0 ? h("span", null, "and " + plural(others, "more process", "more processes")) : null,
			h("span", null, windowText()),
			h("span", null, `${RECORD.mode ?? "unknown"} mode, ${stack} stacks`)),
		h("dl", {class: "tiles"}, populatedTile(), zeroTile(), backTile(), booksTile(), lostTile(),
			costTile()),
		categoryBar() ?? "");
}
