/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One option of a QEMU's command line, in each form that QEMU takes: "key=value,...", where ",," is
 * a comma of a value, or JSON. Pure.
 */
#ifndef MIGPOP_VMM_QEMU_OPTION_H
#define MIGPOP_VMM_QEMU_OPTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct record_target;

/* The argument of the option "name" at word "i" of the command line: "-m 1G", "--m 1G"; else NULL.
 */
const char *qemu_option__argument(const struct record_target *t, size_t i, const char *name);

/*
 * The value of "key" in an argument: the last one, as in QEMU. With "implied" the first value may
 * be without its key: "1G" is "size=1G" to -m. False, and "out" as it was, if there is none; one
 * that does not fit is cut short.
 */
bool qemu_option__value(const char *argument, const char *key, bool implied, char *out,
			size_t size);

/* Bytes of QEMU's "1.5G", "0x400"; in "unit" where there is no suffix. RECORD_UNKNOWN for what is
 * no size. */
int64_t qemu_option__size(const char *text, int64_t unit);

#endif
