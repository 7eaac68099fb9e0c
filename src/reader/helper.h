/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A process that helps the tracer with what may hang or die: it is this program again, started anew
 * with nothing of the tracer but one end of a socket. Knows nothing of what it is asked.
 */
#ifndef MIGPOP_READER_HELPER_H
#define MIGPOP_READER_HELPER_H

#include <sys/types.h>

#include "child.h"

struct message;

/* The descriptor of a helper's end of the socket. */
enum { HELPER_FD = CHILD_FD };

/* How long a helper may take for one answer, in milliseconds: in all; and without using any CPU
 * time meanwhile, which a process that waits for a processor or for a disk does in far less. */
enum { HELPER_TIME_MAX = 10000, HELPER_SILENCE_MAX = 3000, HELPER_MOMENT = 100 };

struct helper {
	const char *mode; /* the hidden command that this program is started with */
	pid_t pid;        /* 0: none is running */
	int socket;
	unsigned int silence; /* milliseconds that it may be silent: HELPER_SILENCE_MAX as a rule */
};

#define HELPER(hidden)                                                                             \
	{                                                                                          \
		.mode = (hidden), .socket = -1, .silence = HELPER_SILENCE_MAX                      \
	}

/* Starts the process, unless it is running. Does not wait for it. Returns 0 or a negative errno.
 * The process that is started does not outlive the thread that started it. */
int helper__start(struct helper *h);

/* Ends the process; one that cannot be killed at once is left to the kernel. */
void helper__end(struct helper *h);

/*
 * Sends *question and receives *answer, whose body has at most "max" bytes. Starts the process if
 * none is running. Returns 0, or a negative errno, after which none is running: -ETIME if it did
 * not answer in time; -ECONNRESET if it has died; -EPROTO if its answer was no message; or why it
 * could not be started.
 */
int helper__ask(struct helper *h, const struct message *question, struct message *answer,
		size_t max);

#endif
