/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A migration as its monitor tells of it: its phases and figures, and how it ended. It must not
 * know what is traced meanwhile.
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
	bool tells;                         /* "last" is of the migration that was traced */
	struct migration_state first, last; /* as it was at first, and as it was said last */
};

/* 0, or a negative errno as qmp__open()'s. */
int monitor__open(struct monitor *m, const char *path);

/* The emulator at the other end; 0 where another program listens for it. */
pid_t monitor__emulator(const struct monitor *m);

/* How the migration stands as the tracing begins, for people. */
const char *monitor__begins_as(const struct monitor *m);

/* QEMU's own figures into the record, after monitor__last_words(). */
void monitor__put(const struct monitor *m, struct record *r);
void monitor__close(struct monitor *m);

/* From here on the phases go there: QEMU tells of them if its events are on, or can be switched on:
 * not where a migration is under way. */
void monitor__tell_phases(struct monitor *m, struct phases *phases);

enum monitor_says {
	MONITOR_IDLE, /* none is under way, or it still connects */
	MONITOR_UNDER_WAY,
	MONITOR_ENDED, /* one has, since the monitor was opened */
	MONITOR_GONE,
};

/* Asks how it goes. */
enum monitor_says monitor__ask(struct monitor *m);

/* Which way one goes. */
bool monitor__sends(const struct monitor *m);

/* Takes the events that have come, without asking anything. */
void monitor__hear(struct monitor *m);

/* The window is closed, and the migration "over": waits, not for long, until QEMU says so, too.
 * QEMU's word for how it ended; OUTCOME_UNKNOWN where it has none. */
enum migration_outcome monitor__last_words(struct monitor *m, bool over);

#endif
