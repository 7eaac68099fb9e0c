/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Times. Records have times since boot (CLOCK_BOOTTIME); people and QEMU's events use wall-clock
 * time. It must not know what the times are about.
 */
#ifndef MIGPOP_CLOCK_H
#define MIGPOP_CLOCK_H

#include <stdint.h>
#include <time.h>

/* The time of a clock, in nanoseconds. */
uint64_t clock__ns(clockid_t clock);

/* What deadlines count: milliseconds of CLOCK_MONOTONIC, which stands still while the machine is
 * suspended. */
uint64_t clock__ms(void);

/* Nanoseconds to add to a time since boot to get wall-clock time. The value is that of now: the
 * wall clock may be set later. */
uint64_t clock__wall_after_boot_ns(void);

/* Formats a wall-clock time as "2026-11-30T06:12:47.123456Z" (RFC 3339, UTC). Free the result; NULL
 * without memory. */
char *clock__rfc3339(uint64_t wall_ns);

/* The wall-clock time of such a text, in nanoseconds; 0 if it is not such a text. */
uint64_t clock__of_rfc3339(const char *text);

#endif
