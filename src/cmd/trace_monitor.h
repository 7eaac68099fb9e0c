/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Follows a migration through QEMU's monitor: its phases and figures, and how it ended. It must not
 * know what is traced meanwhile.
 */
#ifndef MIGPOP_CMD_TRACE_MONITOR_H
#define MIGPOP_CMD_TRACE_MONITOR_H

#include <stdbool.h>
#include <sys/types.h>

#include "books/phases.h"
#include "qemu/migration.h"

struct qmp;

struct monitor {
	struct qmp *qmp; /* NULL: no monitor was given */
	struct phases *phases;
	u64 wall_after_boot_ns;
	bool switched_on;                   /* we switched events on, and must switch them off */
	bool tells;                         /* "last" is about the migration that was traced */
	struct migration_state first, last; /* the answers to the first and to the last question */
	int64_t ram_bytes;                  /* of the guest; -1: QEMU did not say */
};

/* Opens the monitor. Returns 0 or a negative errno of qmp__open(). */
int monitor__open(struct monitor *m, const char *path);

/* The process id of the emulator at the other end; 0 if another program listens for it. */
pid_t monitor__emulator(const struct monitor *m);

/* A line for people: how the migration stands when the tracing begins. */
const char *monitor__begins_as(const struct monitor *m);

/* Stores QEMU's own figures in the record. Call it after monitor__last_words(). */
void monitor__put(const struct monitor *m, struct record *r);
void monitor__close(struct monitor *m);

/* Stores phases in "phases" from now on. QEMU tells them if its events are on or can be switched
 * on, which it refuses while a migration is under way. */
void monitor__tell_phases(struct monitor *m, struct phases *phases);

enum monitor_says {
	MONITOR_IDLE, /* no migration is under way, or it still connects */
	MONITOR_UNDER_WAY,
	MONITOR_ENDED, /* a migration has ended since the monitor was opened */
	MONITOR_GONE,
};

/* Asks how the migration stands. */
enum monitor_says monitor__ask(struct monitor *m);

/* True if QEMU sends the migration, false if it receives it. */
bool monitor__sends(const struct monitor *m);

/* Takes the events that have arrived, without asking anything. */
void monitor__hear(struct monitor *m);

/* Call it when the window is closed. If the window closed because the migration was "over", waits a
 * moment until QEMU says so too. Returns QEMU's answer how the migration ended; OUTCOME_UNKNOWN if
 * it has none. */
enum migration_outcome monitor__last_words(struct monitor *m, bool over);

#endif
