/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Waits until BPF programs that run have ended. Knows nothing of what they do.
 */
#ifndef MIGPOP_TRACER_GRACE_H
#define MIGPOP_TRACER_GRACE_H

struct grace {
	int map, element;
};

/* 0, or a negative errno; to be closed either way. */
int grace__open(struct grace *g);
void grace__close(struct grace *g);

/* What ran when it was called has ended when it returns. 0, or a negative errno. */
int grace__wait(const struct grace *g);

#endif
