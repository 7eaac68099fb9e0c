// SPDX-License-Identifier: GPL-2.0-or-later
/* The kinds of memory that a guest's RAM can be made of, by the names in options and on screen. */
#include "vmm/ram_backing.h"

const char *ram_backing__name(enum ram_backing backing)
{
	static const char *const names[NR_RAM_BACKINGS] = {
		[BACKING_MEMFD] = "memfd",
		[BACKING_RAM] = "ram",
		[BACKING_MEMFD_PRIVATE] = "memfd-private",
		[BACKING_HUGETLB] = "hugetlb",
		[BACKING_FILE] = "file",
	};

	return names[backing];
}
