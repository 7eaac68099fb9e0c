/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The web process as the tracer sees it: started before the kernel programs are loaded, and again
 * when it has ended. It must not know what the web process does.
 */
#ifndef MIGPOP_SERVE_WEB_PROCESS_H
#define MIGPOP_SERVE_WEB_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The least time from one start to the next, if a process ends by itself. */
enum { WEB_PROCESS_PERIOD_MS = 1000 };

struct web_process {
	int listen_fd, publication_fd;
	int life_fd; /* the end of a pipe that the process has the other end of */
	int pidfd;   /* -1: there is no process */
	uint64_t started_ms;
};

/* Keeps copies of the two descriptors, for all processes to come. Returns 0 or a negative errno;
 * close it in either case. */
int web_process__open(struct web_process *w, int listen_fd, int publication_fd);

/* Starts a process, which has the records of the directory "records"; one that runs is ended first.
 * Returns 0 or a negative errno. */
int web_process__start(struct web_process *w, int records);

/* Returns a descriptor that becomes readable when the process has ended; -1 if there is none. */
int web_process__fd(const struct web_process *w);

/* Returns true, once, if the process has ended, and in "how" as words of a sentence how it did. */
bool web_process__has_ended(struct web_process *w, char *how, size_t size);

/* Ends the process, if there is one, and waits until it is gone. A signal handler may call it. */
void web_process__close(struct web_process *w);

#endif
