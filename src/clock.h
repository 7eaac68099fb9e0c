/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Times: those of records are since boot (CLOCK_BOOTTIME), those of people and of QEMU's events are
 * of the wall. It must not know what they are of.
 */
#ifndef MIGPOP_CLOCK_H
#define MIGPOP_CLOCK_H

#include <stdint.h>
#include <time.h>

/* The time of a clock, in nanoseconds. */
uint64_t clock__ns(clockid_t clock);

/* What is to be added to a time since boot for that of the wall, as of now: the wall's clock may be
 * set. */
uint64_t clock__wall_after_boot_ns(void);

/* "2026-11-30T06:12:47.123456Z", of a time of the wall: RFC 3339 in UTC. To be freed; NULL without
 * memory. */
char *clock__rfc3339(uint64_t wall_ns);

/* The time of such a text; 0 for what is none. */
uint64_t clock__of_rfc3339(const char *text);

#endif
