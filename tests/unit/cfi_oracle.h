/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The rows of a file as others see them: ranges of functions by readelf, rules by libdw's own
 * evaluation, one PC at a time.
 */
#ifndef CFI_ORACLE_H
#define CFI_ORACLE_H

#include "symbol/cfi.h"

/* 0, or -1 if the oracle could not be asked. Freed with cfi__free. */
int cfi_oracle__read(const char *path, struct cfi_table *out);

#endif
