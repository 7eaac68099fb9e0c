/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The sections in the order of the page. One that fails says so and leaves the others alone. */

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
