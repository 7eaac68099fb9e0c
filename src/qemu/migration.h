/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A migration as QEMU's monitor drives it and tells of it. It must not know why one is made.
 *
 * Functions return 0 or a negative errno as qmp__execute() does; qmp__error() has QEMU's words.
 */
#ifndef MIGPOP_QEMU_MIGRATION_H
#define MIGPOP_QEMU_MIGRATION_H

#include <stdbool.h>
#include <stdint.h>

#include "qemu/qmp.h"

/* Bytes a second that no wire carries: as fast as it goes. */
#define MIGRATION_UNLIMITED ((int64_t)100 << 30)

int migration__listen(struct qmp *destination, const char *uri);
int migration__start(struct qmp *source, const char *uri);
int migration__limit(struct qmp *source, int64_t bytes_per_second, int64_t downtime_ms);

struct migration_state {
	char status[32]; /* "completed", ...; "none" */
	char error[256]; /* QEMU's words on a failure; empty without any */
	/* Each -1 where QEMU does not say. */
	int64_t total_ms, downtime_ms, setup_ms;
	int64_t normal_pages, zero_pages;
	int64_t transferred_bytes;
	int64_t syncs; /* times that the dirty pages were looked for */
};

int migration__query(struct qmp *qmp, struct migration_state *out);

/* Is a capability on? */
int migration__has(struct qmp *qmp, const char *capability, bool *out);
/* Refused where a migration is under way. */
int migration__switch(struct qmp *qmp, const char *capability, bool on);

/* Does it wait for a migration, or receive one? */
bool migration__is_incoming(struct qmp *qmp);

/* Will this state not change any more? */
bool migration__is_over(const struct migration_state *s);

/* The host virtual address of guest-physical address 0. -ENODATA: QEMU's answer holds none. */
int migration__guest_address(struct qmp *qmp, uint64_t *out);

#endif
