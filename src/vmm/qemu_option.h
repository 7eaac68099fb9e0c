/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Parses one option of a QEMU's command line, in each form that QEMU accepts: "key=value,...",
 * where ",," is a comma in a value, or JSON. Functions of their arguments alone.
 */
#ifndef MIGPOP_VMM_QEMU_OPTION_H
#define MIGPOP_VMM_QEMU_OPTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct record_target;

/* The argument of the option "name", if word "i" of the command line is that option ("-m 1G" or
 * "--m 1G"); else NULL. */
const char *qemu_option__argument(const struct record_target *t, size_t i, const char *name);

/*
 * Stores in "out" the value of "key" in an argument; the last one if there are several, as in QEMU.
 * With "implied" the first value may come without its key: "1G" means "size=1G" to -m. A value that
 * does not fit is cut. Returns false if there is no such value; "out" is then as it was.
 */
bool qemu_option__value(const char *argument, const char *key, bool implied, char *out,
			size_t size);

/* Bytes of a size as QEMU writes it, such as "1.5G" or "0x400". Without a suffix the number is
 * multiplied by "unit". RECORD_UNKNOWN if it is not a size. */
int64_t qemu_option__size(const char *text, int64_t unit);

#endif
