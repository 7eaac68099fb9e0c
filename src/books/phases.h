/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The phases of a migration, from what was seen of it when: by its monitor, or from outside. Pure:
 * asks nobody, and leaves out what nobody has told.
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
 * A monitor's events, in their order, each when it was. "status" is QEMU's word for the state of
 * the migration, "pass" a number of MIGRATION_PASS, the other two are STOP and RESUME of the guest.
 * 0, or -ENOMEM.
 */
int phases__on_status(struct phases *p, u64 ns, const char *status);
int phases__on_pass(struct phases *p, u64 ns, u32 pass);
int phases__on_stop(struct phases *p, u64 ns);
int phases__on_resume(struct phases *p, u64 ns);

/* Up to 8.1 postcopy begins, by its status, before the guest stops at the source: the downtime ends
 * where its length says; without one it cannot be told. Negative: unknown. */
int phases__on_downtime(struct phases *p, int64_t downtime_ms);

/* What the window of a process tells by itself. */
int phases__of_window(struct phases *p, const struct window *w);

/* Adds to the record the phases that the "n" marks tell of within its window. Returns 0 or -ENOMEM.
 */
int phases__put(const struct phase_mark *marks, size_t n, struct record *r);

#endif
