/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A record as a profile that go tool pprof, Pyroscope and Parca read: profile.proto, compressed. It
 * must not know where records come from.
 */
#ifndef MIGPOP_OUTPUT_PPROF_H
#define MIGPOP_OUTPUT_PPROF_H

#include "record.h"

#include <stdio.h>

/*
 * Samples are call sites, one a backing, with counts in base pages, and the space in bytes; a count
 * that no call site knows is left out, not 0. Addresses are those of the ELF file, as in mappings
 * that span all of memory; a mapping claims functions only if all of its own have names, so that
 * others may look them up by build-id. time_nanos is the record's start by the clock of the wall;
 * one of the first schema has none. 0 or negative errno.
 */
int output_pprof__write(const struct record *r, FILE *f);

#endif
