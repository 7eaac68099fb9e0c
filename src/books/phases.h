/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The phases of a migration, by what its monitor said of it, or by what was seen from outside. A
 * phase that nobody has told of is left out.
 */
#ifndef MIGPOP_BOOKS_PHASES_H
#define MIGPOP_BOOKS_PHASES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "books/facts.h"

struct phases {
	struct phase_mark *v;
	size_t n;
	/* What a monitor has said so far. */
	bool incoming, under_way, stopped;
	bool early; /* the status of postcopy came before the guest stopped */
	u32 round;
};

void phases__free(struct phases *p);

/*
 * Call these with the monitor's events in their order, and with the time of each (CLOCK_BOOTTIME).
 * "status" is QEMU's word for the state of the migration, "pass" a number of MIGRATION_PASS; the
 * other two are STOP and RESUME of the guest. They return 0 or -ENOMEM.
 */
int phases__on_status(struct phases *p, u64 ns, const char *status);
int phases__on_pass(struct phases *p, u64 ns, u32 pass);
int phases__on_stop(struct phases *p, u64 ns);
int phases__on_resume(struct phases *p, u64 ns);

/* Tells how long the downtime was; negative: unknown. Up to QEMU 8.1 the status says postcopy
 * before the guest stops at the source, so that only this length tells where the downtime ends.
 * Returns 0 or -ENOMEM. */
int phases__on_downtime(struct phases *p, int64_t downtime_ms);

/* Replaces the marks by those that the window of a process tells of by itself. Returns 0 or
 * -ENOMEM. */
int phases__of_window(struct phases *p, const struct window *w);

/* Adds to the record the phases that the "n" marks tell of within its window. Returns 0 or -ENOMEM.
 */
int phases__put(const struct phase_mark *marks, size_t n, struct record *r);

#endif
