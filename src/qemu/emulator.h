/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A QEMU that we start, drive through its monitor, and end. It never outlives us, whatever happens
 * to us. It must not know what QEMU is started for.
 */
#ifndef MIGPOP_QEMU_EMULATOR_H
#define MIGPOP_QEMU_EMULATOR_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "qemu/qmp.h"

struct emulator {
	pid_t pid; /* 0: not started, or already waited for */
	int pidfd;
	int status; /* the wait status, once the process was waited for */
	struct qmp *qmp;
	char *socket; /* path of the monitor's socket */
	char *log;    /* path of the file with QEMU's stdout and stderr */
};

/* Initialises *e: no process is started yet. */
void emulator__init(struct emulator *e);

/*
 * Runs "argv" with a monitor added. The files "socket" and "log" are in the directory "dir" and
 * named after "name". The environment is ours, but LD_PRELOAD and MIGFIX have the given values, or
 * are not set if these are NULL. Returns 0 or a negative errno, which may be that of execve(). Call
 * emulator__end() in either case.
 */
int emulator__start(struct emulator *e, const char *dir, const char *name, char *const argv[],
		    const char *preload, const char *migfix);

/* Opens the monitor. Returns 0, -EAGAIN if the monitor is not ready yet, -ESRCH if the process has
 * ended, or another negative errno. Waits at most a second. */
int emulator__connect(struct emulator *e);

/* True if the process has ended; it is waited for then. */
bool emulator__has_ended(struct emulator *e);

/* Stops all threads with SIGSTOP. Returns false if a thread still runs: then call again. */
bool emulator__stop(struct emulator *e);
void emulator__continue(struct emulator *e);

/* True if the process has mapped the file "path", whatever path the file has in its mount
 * namespace. */
bool emulator__maps(const struct emulator *e, const char *path);

/* Stores "ended with status 1" or "was killed by signal 9", and the last line that QEMU printed, if
 * any. */
void emulator__describe_end(const struct emulator *e, char *text, size_t size);

/* Store the first or last line that QEMU printed; empty if there is none. */
void emulator__first_words(const struct emulator *e, char *text, size_t size);
void emulator__last_words(const struct emulator *e, char *text, size_t size);

/* Ends the process through its monitor, else with SIGKILL, and frees *e. Does nothing if it was not
 * started. */
void emulator__end(struct emulator *e);

#endif
