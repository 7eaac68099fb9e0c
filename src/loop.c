// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Waits by poll() for what everybody said.
 */
#include "loop.h"

#include <limits.h>
#include <stdlib.h>

#include "clock.h"

void loop__begin(struct loop *l)
{
	l->n = 0;
	l->until_ms = UINT64_MAX;
}

void loop__free(struct loop *l)
{
	free(l->fds);
	*l = (struct loop){0};
}

void loop__await(struct loop *l, int fd)
{
	if (fd < 0)
		return;
	if (l->n == l->max) {
		size_t max = l->max ? 2 * l->max : 8;
		struct pollfd *more = reallocarray(l->fds, max, sizeof(*more));

		if (!more) {
			l->until_ms = 0;
			return;
		}
		l->fds = more;
		l->max = max;
	}
	l->fds[l->n++] = (struct pollfd){.fd = fd, .events = POLLIN};
}

void loop__await_time(struct loop *l, uint64_t ms)
{
	if (ms < l->until_ms)
		l->until_ms = ms;
}

void loop__wait(struct loop *l)
{
	uint64_t now = clock__ms(), left;
	int timeout = -1;

	if (l->until_ms != UINT64_MAX) {
		left = l->until_ms > now ? l->until_ms - now : 0;
		timeout = left < INT_MAX ? (int)left : INT_MAX;
	}
	if (poll(l->fds, l->n, timeout) < 0)
		for (size_t i = 0; i < l->n; i++)
			l->fds[i].revents = 0;
}

bool loop__is_ready(const struct loop *l, int fd)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->fds[i].fd == fd)
			return l->fds[i].revents;
	return false;
}
