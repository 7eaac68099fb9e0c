/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Starts a command that stands still before its first instruction and again at its end, so that the
 * kernel's figures for it can be read exactly. It is seized by ptrace for that; if the tracer dies,
 * the kernel lets go of it and it runs on.
 */
#ifndef MIGPOP_WATCH_LAUNCH_H
#define MIGPOP_WATCH_LAUNCH_H

#include <sys/types.h>

enum launch_event {
	LAUNCH_NOTHING, /* nothing more for now */
	LAUNCH_EXEC,    /* stands before the first instruction of a new program */
	LAUNCH_MAPPED, /* stands after a system call that mapped code (tracer__stop_on_mapping()) */
	LAUNCH_EXITING, /* stands at its end, memory whole; launch__continue() lets it go */
	LAUNCH_GONE,    /* reaped: *status is its wait status */
};

/* The process has executed argv[0] (sought in PATH) and stands still. A pid, or a negative errno of
 * what failed, execve among it. */
pid_t launch__start(char *const argv[]);

/* Lets it run on from where it stands. */
void launch__continue(pid_t pid);

/* What happened to it since; signals that it gets are handed on. */
enum launch_event launch__poll(pid_t pid, int *status);

#endif
