/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Makes the sections in the order of the page. If one fails it says so, and the others are shown. */

const SECTIONS = {
	verdict: showVerdict,
	timeline: showTimeline,
	flame: showFlame,
	callsites: showCallsites,
	memory: section => showTable(section, RECORD.backing, "This record names no memory.", MEMORY),
	advice: section => showTable(section, RECORD.advice, "This record has no advice.",
		ADVICE, adviceDetail),
	books: section => showTable(section, RECORD.accounting, "This record has no books.", BOOKS),
	losses: section => showTable(section, lossRows(), "", LOSSES),
	target: showTarget,
};

document.getElementById("report").hidden = false;
for (const [id, show] of Object.entries(SECTIONS)) {
	const section = document.getElementById(id);

	try {
		show(section);
	} catch (error) {
		console.error(error);
		section.append(h("p", {class: "none"}, "This part of the record cannot be shown: " + error));
	}
}
