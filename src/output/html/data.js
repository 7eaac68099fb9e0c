/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The record, and the formatting of its figures and names. Nothing here knows what they mean. */

/* Whole numbers that a Number cannot hold become BigInts: counts go up to 2^63, addresses to 2^64.
   No string in a record begins with NUL, so that one marks them on their way through JSON. */
function parseExactly(text) {
	const big = /^-?\d{16,}$/;
	let found = false;
	const marked = text.replace(/"[^"\\]*(?:\\.[^"\\]*)*"|-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?/g,
		token => {
			if (!big.test(token))
				return token;
			found = true;
			return '"\\u0000' + token + '"';
		});
	return found ? JSON.parse(marked, (key, v) =>
		typeof v === "string" && v[0] === "\0" ? BigInt(v.slice(1)) : v) : JSON.parse(text);
}

const DATA = parseExactly(document.getElementById("data").textContent);
const RECORD = DATA.record;
const FRAMES = RECORD.frames;

const known = v => v !== null && v !== undefined && !Number.isNaN(v);

/* --- figures --- */

const UNKNOWN = "not known";

function count(n) {
	return known(n) ? n.toLocaleString("en-US") : UNKNOWN;
}

function plural(n, one, many = one + "s") {
	return count(n) + " " + (n == 1 ? one : many);
}

function size(bytes) {
	const units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB", "ZiB"];
	let b = Number(bytes), u = 0;

	if (!known(bytes))
		return UNKNOWN;
	for (; Math.abs(b) >= 1023.5 && u + 1 < units.length; u++)
		b /= 1024;
	const digits = u === 0 ? 0 : Math.abs(b) < 9.995 ? 2 : Math.abs(b) < 99.95 ? 1 : 0;
	return b.toFixed(digits) + " " + units[u];
}

/* Pages as a size in bytes; "" if the size of a page or the number is not known. */
function pagesAsSize(n) {
	return known(n) && RECORD.host.page_size ? size(Number(n) * RECORD.host.page_size) : "";
}

/* A percentage, which is 100 % or 0 % only for all or nothing. */
function percent(part, whole) {
	if (!known(part) || !known(whole))
		return UNKNOWN;
	if (part == 0)
		return "0 %";
	if (part == whole)
		return "100 %";
	if (whole == 0)
		return UNKNOWN;
	const p = 100 * Number(part) / Number(whole);
	return p < 0.01 ? "<0.01 %" : p > 99.99 && p <= 100 ? ">99.99 %" : p.toFixed(2) + " %";
}

function time(ns) {
	const t = Number(ns);

	if (!known(ns))
		return UNKNOWN;
	if (t < 100)
		return t.toFixed(0) + " ns";
	if (t < 1e6)
		return (t / 1e3).toFixed(t < 1e5 ? 1 : 0) + " µs";
	if (t < 1e9)
		return (t / 1e6).toFixed(t < 1e8 ? 1 : 0) + " ms";
	return t < 1e15 ? (t / 1e9).toFixed(2) + " s" : (t / 1e9).toPrecision(3) + " s";
}

/* The exact sum of the known values; null if none is known. */
function sum(rows, of) {
	const values = rows.map(of).filter(known);
	const total = values.reduce((before, v) => before + BigInt(v), 0n);

	if (!values.length)
		return null;
	return Number.isSafeInteger(Number(total)) ? Number(total) : total;
}

function hex(n) {
	return known(n) ? "0x" + n.toString(16) : "";
}

/* --- names --- */

/* Shows characters that change the direction of writing, or are invisible, by their code. */
const HARMFUL = new RegExp("[\\u0000-\\u0009\\u000b-\\u001f\\u007f-\\u009f\\u00ad\\u061c\\u180e" +
	"\\u200b-\\u200f\\u2028-\\u202e\\u2060-\\u206f\\ufeff\\ufff0-\\ufffb]|[\\u{e0000}-\\u{e0fff}]",
	"gu");

function clean(text) {
	return String(text).replace(HARMFUL, c => "\\u{" + c.codePointAt(0).toString(16) + "}");
}

function baseName(path) {
	const base = path.slice(path.lastIndexOf("/") + 1);

	return base.startsWith("qemu-system-") ? "qemu" : base || path;
}

function categoryColor(category) {
	return DATA.record.categories[category ?? "other"] ?? 0;
}

function chainText(numbers, most = 12) {
	if (!numbers.length)
		return "(call chain not known)";
	const names = numbers.slice(0, most).map(i => FRAMES[i].name);
	return names.join(" ← ") + (numbers.length > most ? " ← …" : "");
}

/* --- elements --- */

/* Sets attributes and children of an element. Strings become text: nothing in this page is parsed as
 * markup. */
function fill(element, attributes, children) {
	for (const [name, value] of Object.entries(attributes ?? {})) {
		if (name.startsWith("on"))
			element.addEventListener(name.slice(2), value);
		else if (value !== null && value !== undefined && value !== false)
			element.setAttribute(name, value === true ? "" : clean(value));
	}
	for (const child of children.flat(Infinity))
		if (child !== null && child !== undefined)
			element.append(child instanceof Node ? child : clean(child));
	return element;
}

function h(tag, attributes, ...children) {
	return fill(document.createElement(tag), attributes, children);
}

const chart = document.getElementById("chart");

function s(tag, attributes, ...children) {
	return fill(document.createElementNS(chart.namespaceURI, tag), attributes, children);
}

function figure(n) {
	return known(n) ? count(n) : h("span", {class: "unknown"}, UNKNOWN);
}

function dot(color) {
	return h("i", {class: "dot c" + color, "aria-hidden": "true"});
}
