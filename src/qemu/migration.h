/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A migration as QEMU's monitor controls it and reports it. It must not know why the migration is
 * made.
 *
 * Functions return 0 or a negative errno of qmp__execute(); qmp__error() has QEMU's message.
 */
#ifndef MIGPOP_QEMU_MIGRATION_H
#define MIGPOP_QEMU_MIGRATION_H

#include <stdbool.h>
#include <stdint.h>

#include "qemu/qmp.h"

/* A bandwidth in bytes a second that no network reaches: QEMU sends as fast as it can. */
#define MIGRATION_UNLIMITED ((int64_t)100 << 30)

int migration__listen(struct qmp *destination, const char *uri);
int migration__start(struct qmp *source, const char *uri);
int migration__limit(struct qmp *source, int64_t bytes_per_second, int64_t downtime_ms);

struct migration_state {
	char status[32]; /* "completed", ...; "none" if there was no migration */
	char error[256]; /* QEMU's message after a failure; else empty */
	/* Each of these is -1 if QEMU does not say. */
	int64_t total_ms, downtime_ms, setup_ms;
	int64_t normal_pages, zero_pages;
	int64_t transferred_bytes;
	int64_t syncs; /* how often QEMU synchronised the bitmap of dirty pages */
};

int migration__query(struct qmp *qmp, struct migration_state *out);

/* Stores in *out whether a capability is on. */
int migration__has(struct qmp *qmp, const char *capability, bool *out);
/* Switches a capability. QEMU refuses it while a migration runs. */
int migration__switch(struct qmp *qmp, const char *capability, bool on);

/* True if QEMU waits for an incoming migration, or receives one. */
bool migration__is_incoming(struct qmp *qmp);

/* True if this state is final. */
bool migration__is_over(const struct migration_state *s);

/* Stores the host virtual address of guest-physical address 0. -ENODATA: QEMU's answer has no
 * address. */
int migration__guest_address(struct qmp *qmp, uint64_t *out);

#endif
