/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One turn of an event loop: everybody says what they wait for, then the loop waits for all of it.
 * Nothing is registered for longer than a turn, so nothing has to be unregistered when a process or
 * a connection is gone. It must not know what the descriptors are.
 */
#ifndef MIGPOP_LOOP_H
#define MIGPOP_LOOP_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct loop {
	struct pollfd *fds; /* what this turn waits for */
	size_t n, max;
	uint64_t until_ms; /* clock__ms() at which the turn ends at the latest; UINT64_MAX: never */
};

/* A struct loop begins as {0}, and a turn with this. */
void loop__begin(struct loop *l);
void loop__free(struct loop *l);

/* The turn ends when "fd" is readable, or hung up. -1 is none. Without memory for another
 * descriptor the turn does not wait: it looks again at once. */
void loop__await(struct loop *l, int fd);

/* The turn ends at "ms" of clock__ms() at the latest. */
void loop__await_time(struct loop *l, uint64_t ms);

/* Waits until something is there, a signal comes, or time is up. */
void loop__wait(struct loop *l);

/* True if "fd" was awaited, and is readable or hung up. */
bool loop__is_ready(const struct loop *l, int fd);

#endif
