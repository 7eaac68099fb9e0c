/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Functions, inlined functions and lines of the source by the DWARF of an ELF file. Knows nothing
 * of processes nor of symbol tables.
 */
#ifndef MIGPOP_SYMBOL_SOURCE_H
#define MIGPOP_SYMBOL_SOURCE_H

#include <stdint.h>

struct record_frames;
struct source;

/* NULL where the file has no DWARF. The descriptor stays the caller's, and must outlive it. */
struct source *source__open(int fd);
void source__close(struct source *s);

/* Appends what "address" of the file lies in: inlined functions, innermost first, then the function
 * itself. Fills function, file, line and inlined. Appends nothing where DWARF does not say. 0, or
 * -ENOMEM. */
int source__find(struct source *s, uint64_t address, struct record_frames *frames);

#endif
