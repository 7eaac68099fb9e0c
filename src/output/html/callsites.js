/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table of call sites. A row opens to show its call chain and the memory that it populated. */

const CALLSITES = [
	{title: "Category", cls: "category", value: c => c.category ?? "other",
	 cell: c => [dot(categoryColor(c.category)), h("span", {class: "cut"}, c.category ?? "other")]},
	{title: "Access", cls: "minor", value: c => c.access === "none" ? "–" : c.access},
	{title: "Context", cls: "minor", value: c => c.context},
	{title: "System call", cls: "minor", value: c => c.syscall ?? "",
	 cell: c => c.syscall ? name(c.syscall) : "–"},
	{title: "Faults", number: true, cls: "n minor", value: c => c.faults},
	{title: "Pages", number: true, cls: "n pages", value: c => c.populated_pages,
	 cell: c => shareCell(c.populated_pages)},
	{title: "Zero", number: true, cls: "n zeros", value: c => c.zero_populated_pages},
	{title: "By", cls: "by", value: c => chainText(c.frames), cell: c => name(callsiteBy(c))},
];

function callsiteBy(c) {
	const kernel = c.syscall ?? (c.context === "kernel" ? "kernel" : null);
	const pid = RECORD.targets.length > 1 ? c.pid + ": " : "";

	if (kernel && !c.frames.length)
		return pid + kernel;
	return pid + (kernel ? kernel + " ← " : "") + chainText(c.frames);
}

function shareCell(pages) {
	const bar = h("i", {class: "share"}), all = RECORD.totals.populated_pages;
	const share = known(pages) && all > 0 ? Math.max(0, Math.min(1, Number(pages) / Number(all))) : 0;

	bar.style.width = 100 * share + "%";
	return [figure(pages), h("span", {class: "track", "aria-hidden": "true"}, bar)];
}

/* --- the details of a row --- */

function chainLine(number) {
	const f = FRAMES[number], where = f.file ? f.line ? `${f.file}:${f.line}` : f.file : null;

	return h("li", null, h("span", {class: "name", title: f.function ?? f.symbol ?? f.name}, f.name),
		f.inlined ? h("span", {class: "tag"}, "inlined") : null,
		where ? h("span", {class: "soft name"}, where) : null,
		h("span", {class: "soft name", title: f.module ?? ""},
			(f.module ? baseName(f.module) + "+" : "") + hex(f.offset)));
}

const CHAIN_ENDS = {complete: "complete, to the start of the thread", jit: "begins in generated code (jit)"};

function chainList(title, numbers) {
	return [h("h3", null, title), numbers.length ? h("ol", {class: "chain"}, numbers.map(chainLine)) :
		h("p", {class: "none"}, "The call chain is not known.")];
}

function callsiteDetail(c) {
	const each = known(c.fault_ns) && c.faults > 0 ?
		`${time(c.fault_ns)}, ${time(Number(c.fault_ns) / Number(c.faults))} each` : null;
	const chain = c.chain_end ? CHAIN_ENDS[c.chain_end] ?? "stops early: " + c.chain_end : null;

	return h("div", {class: "opened"},
		h("div", null, chainList("Call chain, innermost first", c.frames)),
		h("div", null, h("h3", null, "Facts"), facts([["process", c.pid],
			["access", c.access === "none" ? "neither read nor write" : c.access],
			["context", c.context], ["system call", c.syscall ?? "none"], ["faults", figure(c.faults)],
			["time in faults", each], ["given back", figure(c.released_pages)], ["chain", chain]]),
			c.backing.length ? [h("h3", null, "Memory"), sortableTable("Memory of this call site",
				MEMORY.slice(0, 4), c.backing).element] : null));
}

function adviceDetail(a) {
	return h("div", {class: "opened"}, h("div", null, chainList("Call chain, innermost first", a.frames)),
		h("div", null, h("h3", null, "Facts"), facts([["process", a.pid], ["call", a.call],
			["behaviour", a.behavior ?? "none"], ["failed with", a.failed > 0 ? a.error : "–"]])));
}

/* --- the table --- */

function callsiteMatches(c, words) {
	const text = [c.category, c.access, c.context, c.syscall,
		...c.frames.map(i => FRAMES[i].name + " " + (FRAMES[i].module ?? "")),
		...c.backing.map(b => `${b.ram_block ?? ""} ${b.name ?? ""}`)].join("\n").toLowerCase();

	return words.every(word => text.includes(word));
}

function showCallsites(section) {
	const sites = RECORD.callsites;

	if (!sites.length) {
		section.append(h("p", {class: "none"}, "This record has no call sites."));
		return;
	}
	const table = sortableTable("Call sites", CALLSITES, sites, callsiteDetail);
	const found = h("output", {class: "soft"}, plural(sites.length, "call site"));
	const filter = h("input", {type: "search", id: "filter", spellcheck: "false", autocomplete: "off",
		placeholder: "Filter by any word: category, function, module, memory", oninput: () => {
			const words = filter.value.toLowerCase().split(/\s+/).filter(w => w);
			const rows = sites.filter(c => callsiteMatches(c, words));

			found.textContent = words.length ? `${count(rows.length)} of ${plural(sites.length, "call site")}` :
				plural(sites.length, "call site");
			table.setRows(rows);
		}});
	section.append(h("div", {class: "bar"}, h("label", {class: "grow"},
		h("span", {class: "unseen"}, "Filter call sites"), filter), found), table.element);
}
