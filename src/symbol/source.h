/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Finds functions, inlined functions and lines of the source in the DWARF of an ELF file. Knows
 * nothing of processes or symbol tables.
 */
#ifndef MIGPOP_SYMBOL_SOURCE_H
#define MIGPOP_SYMBOL_SOURCE_H

#include <stdint.h>

struct record_frames;
struct source;

/* Returns NULL if the file has no DWARF. "alt_fd" is the file that dwz has moved a part of it to, or
 * -1. The descriptors stay the caller's, and must outlive the result. */
struct source *source__open(int fd, int alt_fd);
void source__close(struct source *s);

/* Appends the frames at "address", an ELF virtual address: inlined functions, innermost first, then
 * the function they are inlined into. Fills function, file, line and inlined. Appends nothing if
 * DWARF does not say. Returns 0 or -ENOMEM. */
int source__find(struct source *s, uint64_t address, struct record_frames *frames);

#endif
