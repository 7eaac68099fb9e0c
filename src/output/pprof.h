/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writes a record as a profile that go tool pprof, Pyroscope and Parca read: profile.proto,
 * compressed. It must not know where records come from.
 */
#ifndef MIGPOP_OUTPUT_PPROF_H
#define MIGPOP_OUTPUT_PPROF_H

#include "record.h"

#include <stdio.h>

/*
 * Writes a profile. A sample is a call site and one of its backings. Its values are counts in base
 * pages, and the space in bytes; a value that no call site knows is left out, rather than written
 * as 0. Addresses are those of the ELF file, as if every mapping began at 0. A mapping claims to
 * have functions only if all of its locations have names, so that readers may look names up by
 * build-id. time_nanos is the wall-clock time at which the record starts; a record of schema 1 has
 * none. Returns 0 or a negative errno.
 */
int output_pprof__write(const struct record *r, FILE *f);

#endif
