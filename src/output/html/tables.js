/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sortable tables, and all tables of the page except that of call sites. */

const ROWS_AT_FIRST = 100;

/* Compares values; unknown ones come last in both directions. */
function compareValues(a, b, down) {
	if (!known(a) || !known(b))
		return known(b) - known(a);
	const order = typeof a === "string" ? a.localeCompare(b, "en") : a < b ? -1 : a > b ? 1 : 0;
	return down ? -order : order;
}

/* columns: {title, value(row), cell(row)?, cls?, number?}; detail(row) makes the details of a row. */
function sortableTable(label, columns, rows, detail = null) {
	const state = {column: -1, down: false, all: false, rows};
	const body = h("tbody", {role: "rowgroup"});
	const more = h("button", {type: "button", class: "more", onclick: () => { state.all = true; draw(); }});
	const heads = columns.map((c, k) => h("th", {scope: "col", role: "columnheader", class: c.cls,
		"aria-sort": "none"}, h("button", {type: "button", onclick: () => sortBy(k)}, c.title)));

	function open(row, tr, toggle) {
		const was = toggle.getAttribute("aria-expanded") === "true";

		toggle.setAttribute("aria-expanded", !was);
		if (was)
			tr.nextElementSibling.remove();
		else
			tr.after(h("tr", {class: "detail", role: "row"},
				h("td", {colspan: columns.length, role: "cell"}, detail(row))));
	}
	function line(row) {
		const tr = h("tr", {role: "row"}, columns.map(c => h("td", {class: c.cls, role: "cell"},
			c.cell ? c.cell(row) : c.number ? figure(c.value(row)) : c.value(row) ?? "–")));

		if (!detail)
			return tr;
		const toggle = h("button", {type: "button", class: "toggle", "aria-expanded": "false",
			"aria-label": "Call chain"});
		tr.firstChild.prepend(toggle);
		tr.addEventListener("click", event => {
			if (event.target === toggle || !(event.target.closest("button") || String(getSelection())))
				open(row, tr, toggle);
		});
		return tr;
	}
	function draw() {
		const shown = state.all ? state.rows : state.rows.slice(0, ROWS_AT_FIRST);

		body.replaceChildren(...shown.map(line));
		more.hidden = shown.length === state.rows.length;
		more.textContent = `Show all ${count(state.rows.length)}`;
	}
	function sortBy(k) {
		/* figures are sorted largest first at the first click */
		state.down = state.column === k ? !state.down : Boolean(columns[k].number);
		state.column = k;
		arrange();
		draw();
	}
	function arrange() {
		if (state.column < 0)
			return;
		const value = columns[state.column].value;
		state.rows = [...state.rows].sort((a, b) => compareValues(value(a), value(b), state.down));
		heads.forEach((th, i) => th.setAttribute("aria-sort", i !== state.column ? "none" :
			state.down ? "descending" : "ascending"));
	}
	draw();
	const element = h("div", {class: "scroll"}, h("table", {role: "table", "aria-label": label},
		h("thead", {role: "rowgroup"}, h("tr", {role: "row"}, heads)), body), more);
	return {element, setRows: r => { state.rows = r; arrange(); draw(); }};
}

function showTable(section, rows, none, columns, detail) {
	section.append(rows.length ?
		sortableTable(section.querySelector("h2").textContent, columns, rows, detail).element :
		h("p", {class: "none"}, none));
}

const name = text => h("span", {class: "name cut", title: text ?? ""}, text ?? "–");

function memoryKind(b) {
	const what = b.kind === "anon" ? "anonymous" :
		b.kind === "shmem" && /^\/?memfd:/.test(b.name ?? "") ? "memfd" : b.kind ?? "?";

	return what + (b.shared ? ", shared" : ", private");
}

const MEMORY = [
	{title: "Memory", value: b => b.ram_block ?? b.name ?? "", cell: b => b.ram_block ?
		[name(b.ram_block), " ", h("span", {class: "soft"}, b.name ?? "")] : name(b.name)},
	{title: "Kind", value: memoryKind},
	{title: "Populated", number: true, cls: "n", value: b => b.populated_pages},
	{title: "Zero", number: true, cls: "n", value: b => b.zero_populated_pages},
	{title: "Given back", number: true, cls: "n", value: b => b.released_pages},
	{title: "Length", number: true, cls: "n", value: b => b.length_pages,
	 cell: b => known(b.length_pages) ? count(b.length_pages) : h("span", {class: "unknown"}, "–")},
];

const ADVICE = [
	{title: "Call", value: a => a.behavior ?? a.call ?? "?",
	 cell: a => [h("span", {class: "name"}, a.behavior ?? a.call ?? "?"),
		a.behavior ? h("span", {class: "soft"}, " " + a.call) : null]},
	{title: "Calls", number: true, cls: "n", value: a => a.calls},
	{title: "Failed", number: true, cls: "n", value: a => a.failed,
	 cell: a => a.failed > 0 ? `${count(a.failed)} ${a.error ?? ""}` : figure(a.failed)},
	{title: "Asked for", number: true, cls: "n", value: a => a.bytes, cell: a => size(a.bytes)},
	{title: "Given back", number: true, cls: "n", value: a => a.released_pages},
	{title: "By", cls: "by", value: a => chainText(a.frames), cell: a => name(chainText(a.frames))},
];

const BOOK_WORDS = {good: "✓ balances", bad: "✕ does not", unknown: "cannot be checked"};
const BOOKS = [
	{title: "Memory", value: a => a.name ?? a.kind ?? "", cell: a => [name(a.name ?? a.kind),
		a.pid ? h("span", {class: "soft"}, " pid " + a.pid) : null]},
	{title: "Kind", value: a => a.kind ?? ""},
	{title: "Kernel", number: true, cls: "n", value: a => a.kernel_pages},
	{title: "Traced", number: true, cls: "n", value: a => a.traced_pages},
	{title: "Residual", number: true, cls: "n", value: a => a.residual_pages},
	{title: "May have moved", number: true, cls: "n", value: a => a.uncertainty_pages},
	{title: "", value: bookState,
	 cell: a => h("span", {class: "state " + bookState(a)}, BOOK_WORDS[bookState(a)])},
];

/* --- losses, and the tables of the tracer --- */

function lossRows() {
	const lost = RECORD.lost, rows = [];
	const words = kind => kind.replaceAll("_", " ");

	rows.push({what: "events", kind: "all", n: lost.events});
	for (const [kind, n] of Object.entries(lost.kinds ?? {}))
		rows.push({what: "events", kind: words(kind), n});
	rows.push({what: "events", kind: "whose call chain was not kept", n: lost.stacks});
	rows.push({what: "events", kind: "whose call chain was cut short", n: lost.truncated_stacks, kept: true});
	for (const [kind, n] of Object.entries(lost.unwind_errors ?? {}))
		rows.push({what: "events", kind: `whose call chain ends: ${words(kind)}`, n, kept: true});
	return rows;
}

const LOSSES = [
	{title: "Of", value: l => l.what},
	{title: "Kind", value: l => l.kind, cell: l => h("span", {class: "cut", title: l.kind}, l.kind)},
	{title: "Count", number: true, cls: "n", value: l => l.n,
	 cell: l => l.n > 0 ? h("b", {class: "state " + (l.kept ? "warn" : "bad")}, count(l.n)) : figure(l.n)},
];

function facts(pairs) {
	return h("dl", {class: "facts"}, pairs.map(([term, text]) => [h("dt", null, term),
		h("dd", null, known(text) && text !== "" ? text : h("span", {class: "unknown"}, UNKNOWN))]));
}

function showTarget(section) {
	const host = RECORD.host, page = host.page_size;

	if (!RECORD.targets.length)
		section.append(h("p", {class: "none"}, "No process was watched."));
	for (const t of RECORD.targets)
		section.append(facts([["process", `${t.comm ?? "?"}, pid ${t.pid}`],
			...(t.guest ? [["guest", t.guest]] : []), ["program", t.exe], ["build-id", t.build_id],
			["command line", t.cmdline.join(" ")]]));
	section.append(facts([["kernel", [host.kernel, host.arch].filter(known).join(", ")],
		["lockdown", host.lockdown], ["page size", page ? size(page) : null],
		["window", windowText()], ["faults", faultsText()], ["only mapped", figure(RECORD.totals.mapped_pages)],
		["written by", "migpop " + (RECORD.tool.version ?? "of unknown version")]]));
}

function faultsText() {
	const t = RECORD.totals;

	return known(t.faults) ? `${count(t.faults)}, ${count(t.faults_kernel)} of them in the kernel` : null;
}
