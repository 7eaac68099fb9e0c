/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Stand-in for what QEMU tells spatch of its macros: without it structures that have lists in them
 * are not understood, and left as they are. */
#ifndef COCCI_MACRO_FILE_H
#define COCCI_MACRO_FILE_H

#define QLIST_ENTRY(type)                                                                          \
	struct {                                                                                   \
		struct type *after, **before;                                                      \
	}
#define QLIST_HEAD(name, type)                                                                     \
	struct name {                                                                              \
		struct type *first;                                                                \
	}

#endif
