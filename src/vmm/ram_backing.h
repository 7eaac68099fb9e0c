/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kinds of memory that a guest's RAM can be made of, by the names in options and on screen.
 */
#ifndef MIGPOP_VMM_RAM_BACKING_H
#define MIGPOP_VMM_RAM_BACKING_H

enum ram_backing {
	BACKING_MEMFD,
	BACKING_RAM,
	BACKING_MEMFD_PRIVATE,
	BACKING_HUGETLB,
	BACKING_FILE,
	NR_RAM_BACKINGS
};

const char *ram_backing__name(enum ram_backing backing);

#endif
