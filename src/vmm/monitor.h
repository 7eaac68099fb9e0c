/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Follows a migration through the monitor of a VMM: its phases and figures, and how it ended. It must
 * not know what is traced meanwhile.
 */
#ifndef MIGPOP_VMM_MONITOR_H
#define MIGPOP_VMM_MONITOR_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "names.h"

struct monitor; /* an open monitor; each VMM has a structure of its own */
struct phases;
struct ram_told;
struct record;

enum monitor_says {
	MONITOR_IDLE, /* no migration is under way, or it still connects */
	MONITOR_UNDER_WAY,
	MONITOR_ENDED, /* a migration has ended since the monitor was opened */
	MONITOR_GONE,
};

/* How the monitors of one VMM are spoken to. */
struct vmm_monitor {
	/* Opens the monitor at the socket "path". Returns 0 or a negative errno: -EBUSY: another
	 * client holds the monitor; -EPROTO: what answers there is no such monitor; -ETIMEDOUT:
	 * nothing answers. *out is NULL after an error; else close() frees it. */
	int (*open)(struct monitor **out, const char *path);
	void (*close)(struct monitor *m);

	/* The process at the other end; 0 if the socket does not say, or if another program listens
	 * for the VMM. */
	pid_t (*emulator)(const struct monitor *m);

	/* A line for people: how the migration stands when the tracing begins. */
	const char *(*begins_as)(const struct monitor *m);

	/* Stores phases in "phases" from now on, if the VMM can be made to tell them. */
	void (*tell_phases)(struct monitor *m, struct phases *phases);

	/* True if the VMM sends the migration, false if it receives it. */
	bool (*sends)(const struct monitor *m);

	/* Asks how the migration stands. */
	enum monitor_says (*ask)(struct monitor *m);

	/* Takes the events that have arrived, without asking anything. */
	void (*hear)(struct monitor *m);

	/* Asks for the blocks of the guest's RAM. Returns 0 or a negative errno; free *out in either
	 * case. */
	int (*ask_blocks)(struct monitor *m, struct ram_told **out, size_t *n);

	/* Call it when the window is closed. If the window closed because the migration was "over",
	 * waits a moment until the VMM says so too. Returns what the VMM says of how the migration
	 * ended; OUTCOME_UNKNOWN if it says nothing. */
	enum migration_outcome (*last_words)(struct monitor *m, bool over);

	/* The VMM's word for the state of the migration at the last answer, and its message if the
	 * migration failed, else "". They are valid until the next question. */
	const char *(*last_status)(const struct monitor *m, const char **error);

	/* Stores the VMM's own figures in the record. Call it after last_words(). */
	void (*put)(const struct monitor *m, struct record *r);
};

#endif
