/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A QEMU that we start, drive by its monitor, and end: whatever becomes of us, it does not outlive
 * us. It must not know what it is started for.
 */
#ifndef MIGPOP_QEMU_EMULATOR_H
#define MIGPOP_QEMU_EMULATOR_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "qemu/qmp.h"

struct emulator {
	pid_t pid; /* 0: not started, or reaped */
	int pidfd;
	int status; /* wait status, once it is reaped */
	struct qmp *qmp;
	char *socket; /* of its monitor */
	char *log;    /* what it says on stdout and stderr */
};

/* No process yet. */
void emulator__init(struct emulator *e);

/*
 * Runs "argv", to which a monitor is added, with "socket" and "log" in the directory "dir" named
 * after "name". Its environment is ours with LD_PRELOAD and MIGFIX as given, without them where
 * NULL. 0 or a negative errno, that of execve among them. To be ended either way.
 */
int emulator__start(struct emulator *e, const char *dir, const char *name, char *const argv[],
		    const char *preload, const char *migfix);

/* Opens the monitor; 0, -EAGAIN if it is not there yet, -ESRCH if the process has ended, or another
 * negative errno. Waits a second at most. */
int emulator__connect(struct emulator *e);

/* Has it ended? It is reaped then. */
bool emulator__has_ended(struct emulator *e);

/* Stops all of its threads, as SIGSTOP does; false while one still runs. */
bool emulator__stop(struct emulator *e);
void emulator__continue(struct emulator *e);

/* Has it the file of that path mapped, whatever the path looks like from here? */
bool emulator__maps(const struct emulator *e, const char *path);

/* "ended with status 1", "was killed by signal 9", and the last line it said, if any. */
void emulator__describe_end(const struct emulator *e, char *text, size_t size);

/* The first and the last line it said; empty without one. */
void emulator__first_words(const struct emulator *e, char *text, size_t size);
void emulator__last_words(const struct emulator *e, char *text, size_t size);

/* Ends it: by its monitor, else by SIGKILL. Frees; does nothing to one that was not started. */
void emulator__end(struct emulator *e);

#endif
