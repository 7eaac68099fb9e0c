/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the kernel tells of the host.
 */
#ifndef MIGPOP_PROC_SYSTEM_H
#define MIGPOP_PROC_SYSTEM_H

#include <stdbool.h>
#include <stdint.h>

/* True if the host has swap. */
bool proc__has_swap(void);

/* The id of this boot of the host; NULL if it cannot be read. Static. */
const char *proc__boot_id(void);

/* True if programs that did not ask for huge pages have them. */
bool proc__huge_always(void);

/* The most pages that one fault in private memory allocates: those of a huge page, unless the host
 * gives none. */
int64_t proc__pages_of_fault(void);

/* "none", "integrity" or "confidentiality"; NULL if the kernel does not say. Static. */
const char *proc__lockdown(void);

#endif
