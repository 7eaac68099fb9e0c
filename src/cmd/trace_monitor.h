/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A migration as its monitor tells of it: when it begins and ends, and its phases. It must not know
 * what is traced meanwhile.
 */
#ifndef MIGPOP_CMD_TRACE_MONITOR_H
#define MIGPOP_CMD_TRACE_MONITOR_H

#include <stdbool.h>
#include <sys/types.h>

#include "collect/phases.h"
#include "qemu/migration.h"

struct qmp;

struct monitor {
	struct qmp *qmp; /* NULL: there is none */
	struct phases *phases;
	u64 wall_after_boot_ns;
	bool switched_on;                   /* the events are ours to switch off again */
	bool migrating;                     /* it has said so */
	char reason[64];                    /* why it has ended, for people */
	struct migration_state first, last; /* as it was at first, and as it was said last */
};

/* 0, or a negative errno as qmp__open()'s. */
int monitor__open(struct monitor *m, const char *path);

/* The emulator at the other end; 0 where another program listens for it. */
pid_t monitor__emulator(const struct monitor *m);

/* How the migration stands as the tracing begins, for people. */
const char *monitor__begins_as(const struct monitor *m);
bool monitor__was_under_way(const struct monitor *m);

/* Has there been one since, though it may never have been seen to be under way? */
bool monitor__has_migrated(struct monitor *m);

/* QEMU's own figures, and its word for the end, into the record. */
void monitor__put(const struct monitor *m, struct record *r);
void monitor__close(struct monitor *m);

/* From here on the phases go there: QEMU tells of them if its events are on, or can be switched on:
 * not where a migration is under way. */
void monitor__tell_phases(struct monitor *m, struct phases *phases);

/* Asks how it goes: the reason to close the window, if there is one. */
enum window_reason monitor__follow(struct monitor *m);

#endif
