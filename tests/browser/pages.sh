#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The page of a record in Chromium: it runs without an error and asks for nothing but itself, search,
# zoom, sorting and keyboard do what they should, names stay text, and it is readable in light and
# dark, wide and narrow. Screenshots are left in OUT for whoever wants to look.
# Usage: pages.sh PAGES-PROGRAM OUT
set -euo pipefail

here=$(dirname "${BASH_SOURCE[0]}")
# shellcheck source=scripts/lib.sh
. "$here/../../scripts/lib.sh"
# shellcheck source=tests/browser/webdriver.sh
. "$here/webdriver.sh"

program=$1
out=$2
failed=0

rm -rf "$out" && mkdir -p "$out"
out=$(realpath "$out")
trap browser_stop EXIT
browser_start "$out"
"$program" "$out" || die "$program failed"

ok() {
	echo "ok: $1"
}
wrong() {
	echo "FAIL: $1: $2"
	failed=1
}

# same WHAT EXPECTED ACTUAL
same() {
	if [[ $2 == "$3" ]]; then ok "$1"; else wrong "$1" "expected $2, got $3"; fi
}

# check WHAT SCRIPT: the script returns true, or what is wrong.
check() {
	same "$1" true "$(js "$2")"
}

# quiet PAGE: nothing on the console, and no request but for the page itself.
quiet() {
	same "$1: no console message" '[]' "$(log browser)"
	same "$1: no request but for the page" "file://$out/$1.html" "$(log performance |
		jq -r '[.[].message | fromjson | .message | select(.method == "Network.requestWillBeSent") |
			.params.request.url] | unique | join(" ")')"
}

# Of text against what is behind it, by WCAG; every visible element that has text of its own.
contrast='
	const light = c => c.map(v => (v /= 255) <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4)
		.reduce((sum, v, i) => sum + v * [.2126, .7152, .0722][i], 0);
	const rgb = css => css.match(/[\d.]+/g).map(Number);
	const behind = e => { for (; e; e = e.parentElement) {
		const c = rgb(getComputedStyle(e).backgroundColor);
		if (c.length < 4 || c[3] > 0) return c.slice(0, 3); } return [255, 255, 255]; };
	const bad = [...document.querySelectorAll("main *, nav *")].filter(e => e.checkVisibility() &&
		!e.closest("svg, :disabled") && [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim()))
		.map(e => { const style = getComputedStyle(e);
			const [a, b] = [light(rgb(style.color).slice(0, 3)), light(behind(e))].sort((x, y) => y - x);
			return [(a + .05) / (b + .05), e.className, e.textContent]; })
		.filter(([ratio]) => ratio < 4.5);
	return bad.length ? bad.slice(0, 3).join("; ") : true;'

# Nothing sticks out to the right but what scrolls there by itself.
fits='
	const out = [...document.querySelectorAll("body *")].filter(e => e.checkVisibility() &&
		e.getBoundingClientRect().right > innerWidth + 1 && !e.closest(".scroll, nav, .cut, dd, #graph"));
	return document.documentElement.scrollWidth <= innerWidth ? true : document.documentElement.scrollWidth +
		" " + out.map(e => e.tagName + "." + e.className).slice(0, 5).join(" ");'

node() {
	echo "//*[@id='graph']/div[starts-with(@aria-label, '$1 ')]"
}
widths='return [...document.querySelectorAll(".node")].map(e => e.dataset.i + ":" +
	e.getBoundingClientRect().width.toFixed(1)).join(" ")'
hits='return document.querySelectorAll(".node.hit").length'
matched='return document.getElementById("matched").textContent'
names='return [...document.querySelectorAll("#callsites tbody .by")].map(e => e.textContent)'

echo "--- a migration"
visit "$out/migration.html"
check "the verdict comes first" 'return document.querySelector("main > *:first-child h1").textContent ===
	"86.87 % of the populated pages were zero pages nobody needed."'
check "figures have separators" 'return document.querySelector(".tile b").textContent === "283,177"'
check "books balance, nothing was lost" 'return ["balance", "nothing"].every(word =>
	[...document.querySelectorAll(".tile.good b")].some(e => e.textContent.includes(word)))'
check "the timeline has population and RSS" 'return document.querySelectorAll("#chart .line").length === 3'
bands='[...document.querySelectorAll("#chart .phase .band")].map(e => e.getBoundingClientRect())'
check "a band for each phase, one after the other, each to be seen" "const v = $bands, w =
	document.getElementById('chart').getBoundingClientRect();
	return v.length === 6 && v.every((b, i) => b.width >= 1 && b.left >= w.left && b.right <= w.right + 1 &&
		(!i || b.left >= v[i - 1].left))"
check "each has its name as far as there is room" 'return [...document.querySelectorAll("#chart .phase text")]
	.map(e => e.textContent).join("|") === "|precopy 1|precopy 2|precopy 3||postcopy"'
check "no name is longer than its band" 'return [...document.querySelectorAll("#chart .phase")].every(e =>
	e.querySelector("text").getBoundingClientRect().width <= e.querySelector(".band").getBoundingClientRect().width)'
check "the legend says how long each took" 'return [...document.querySelectorAll(".phases li")]
	.map(e => e.textContent).join("|") === "setup 12.0 ms|precopy 2.29 s in 3 rounds|downtime 15.0 ms|postcopy 735 ms"'
check "the readout says in which phase" 'const c = document.getElementById("chart"); c.focus();
	for (let i = 0; i < 5; i++) c.dispatchEvent(new KeyboardEvent("keydown", {key: "ArrowRight"}));
	return document.querySelector("#timeline .readout").textContent.includes("(precopy, round 1)")'
check "readable in light" "$contrast"
screenshot light

keys "//*[@id='search']" buffer_is_zero
same "search highlights what has that name" 2 "$(js "$hits")"
same "search says how much matched" "matched 86.87 % · 2 frames" "$(js "$matched")"
screenshot searched
keys "//*[@id='search']" ' nothing like it'
same "search says when nothing matches" "0 no match" "$(js "$hits") $(js "$matched")"
js 'const e = document.getElementById("search"); e.value = ""; e.dispatchEvent(new Event("input"))' >/dev/null
keys "//*[@id='search']" libc.so.6
same "search finds modules" 6 "$(js "$hits")"
js 'const e = document.getElementById("search"); e.value = ""; e.dispatchEvent(new Event("input"))' >/dev/null
same "an empty search highlights nothing" 0 "$(js "$hits")"

before=$(js "$widths")
click "$(node migration_thread)"
check "a click zooms to full width" 'const [node, all] = [[...document.querySelectorAll(".node")].find(e =>
	e.textContent === "migration_thread"), document.getElementById("graph")].map(e => e.getBoundingClientRect());
	return Math.abs(node.width - all.width) < 1'
check "what is beside it is out of sight" 'return ![...document.querySelectorAll(".node")].some(e =>
	e.textContent === "coroutine_trampoline")'
check "its callers are readable" "$contrast"
screenshot zoomed
click "//*[@id='reset']"
same "reset restores all widths" "$before" "$(js "$widths")"

js 'document.querySelector(".node[tabindex=\"0\"]").focus()' >/dev/null
keys "$(node all)" "$key_down"
keys "$(node coroutine_trampoline)" "$key_down"
keys "$(node 'qemu!fn+0x5a2c40')" "$key_enter"
check "arrows walk and Enter zooms" 'return document.activeElement.textContent === "qemu!fn+0x5a2c40" &&
	!document.getElementById("reset").disabled'
keys "$(node 'qemu!fn+0x5a2c40')" "$key_escape"
same "Escape zooms out" "$before" "$(js "$widths")"
click "//label[span='zero pages']"
check "widths by zero pages leave out the rest" 'return ![...document.querySelectorAll(".node")].some(e =>
	e.textContent === "qemu_get_buffer")'
click "//label[span='populated']"

rows='[...document.querySelectorAll("#callsites tbody tr:not(.detail)")]'
zeros="$rows.map(tr => Number(tr.querySelector('.zeros').textContent.replaceAll(',', '')))"
click "//*[@id='callsites']//th/button[.='Zero']"
check "the table sorts, largest first" "const v = $zeros; return v.length === 9 && v[0] > v[8] &&
	v.every((x, i) => !i || x <= v[i - 1]) &&
	document.querySelector('#callsites th.zeros').getAttribute('aria-sort') === 'descending'"
click "//*[@id='callsites']//th/button[.='Zero']"
check "and the other way round" "const v = $zeros; return v.every((x, i) => !i || x >= v[i - 1])"
click "//*[@id='callsites']//th/button[.='Pages']"
click "//*[@id='callsites']//tbody/tr[1]//button"
same "a call site opens to its chain" \
	"buffer_is_zero,qemu!fn+0x788310,qemu_loadvm_state_main,qemu_loadvm_state,qemu!fn+0x5a2c40,coroutine_trampoline" \
	"$(js 'return [...document.querySelectorAll("#callsites .detail li")].map(e => e.firstChild.textContent).join()')"
screenshot opened
check "every value has a form" 'return !document.body.innerText.match(/\[object|undefined|NaN/)'
keys "//*[@id='filter']" alert
same "a symbol that is markup stays text" '["<script>alert(1)</script> ← main"]' "$(js "$names")"
quiet migration

echo "--- dark, narrow, on paper"
visit "$out/migration.html"
colors dark
check "dark is dark" 'return getComputedStyle(document.body).backgroundColor.match(/\d+/g).every(v => v < 60)'
check "readable in dark" "$contrast"
screenshot dark
viewport 400 800
check "400 px are enough" "$fits"
click "//*[@id='callsites']//tbody/tr[1]//button"
screenshot narrow-dark
colors light
screenshot narrow
viewport 1280 900
[[ $(cdp Page.printToPDF '{"printBackground": false}' | jq '.data | length') -gt 10000 ]] || wrong "prints" "no pages"
quiet migration

echo "--- names that are markup, the largest figures"
visit "$out/hostile.html"
check "no alert is up, nothing became an element" 'return !document.querySelector("img, iframe, object") &&
	document.scripts.length === 2'
webdriver alert/text 2>/dev/null && wrong "no alert" "there is one"
check "the title is text" 'return document.title.startsWith("</script><!--<script>alert(1)</script>")'
check "the guest is named in full, with what cannot be seen" '
	const guest = document.querySelector(".about b").textContent;
	return guest.startsWith("</script><!--<script>") && guest.includes("\\u{1b}[31m\\u{202e}")'
check "2^63 - 1 has all its digits" 'return document.querySelector(".tile b").textContent ===
	"9,223,372,036,854,775,807"'
check "an offset of 2^64 - 1 has all its digits" 'document.querySelector("#callsites .toggle").click();
	return document.querySelector("#callsites .detail").textContent.includes("0xffffffffffffffff")'
check "names of 10 kB take no room" "$fits"
screenshot hostile
quiet hostile
js 'const e = document.createElement("script"); e.textContent = "window.ran = true"; document.body.append(e)' >/dev/null
check "no script runs but the page's own" 'return window.ran === undefined'
same "and the console says why" 1 "$(log browser | grep -c 'Content Security Policy')"

echo "--- nothing known, and very much"
visit "$out/empty.html"
check "what is not known is said so" 'return document.querySelector("h1").textContent.includes("not known") &&
	document.querySelectorAll(".tile .unknown").length === 3'
screenshot empty
quiet empty
visit "$out/large.html"
check "5,000 call sites: some at first" 'return document.querySelectorAll("#callsites tbody tr").length === 100'
click "//*[@id='callsites']//button[contains(@class, 'more')]"
check "and all when asked for" 'return document.querySelectorAll("#callsites tbody tr").length === 5003'
check "no more elements than pixels can show" 'return document.querySelectorAll(".node").length < 12000 &&
	document.querySelectorAll(".node").length > 1000 &&
	document.getElementById("frame").textContent.includes("zoom in")'
quiet large

exit $failed
