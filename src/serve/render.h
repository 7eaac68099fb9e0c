/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Renders records for clients, each in a process of its own with bounded time and memory: one that
 * takes long keeps no other client waiting, and one that fails takes nothing with it. It must not
 * know who asks.
 */
#ifndef MIGPOP_SERVE_RENDER_H
#define MIGPOP_SERVE_RENDER_H

#include <stdint.h>

/* How many processes render at a time, and for how many seconds of processor time each. */
enum { RENDERS_MAX = 2, RENDER_SECONDS = 10 };

struct render {
	int pidfd; /* of the process; -1: this entry is free */
	int result;
	void (*done)(int err, int fd, uint64_t len, void *data);
	void *data;
};

struct loop;

struct renders {
	struct render v[RENDERS_MAX];
};

void renders__init(struct renders *r);

/* Says what this turn of the loop waits for. */
void renders__await(const struct renders *r, struct loop *l);

/* Passes on what is done. It is called in each turn. */
void renders__run(struct renders *r);

/*
 * Begins to render the record that "record" is a descriptor of, and closes that. "done" is called
 * by renders__run() when it is over, with a descriptor of the result, which the callee closes, and its
 * length in bytes; or with -EINVAL if the file has no record, -EFBIG if the result or the time and
 * memory that it takes are too much, or another negative errno. Returns 0; -EBUSY if RENDERS_MAX
 * are under way; or another negative errno, and then "done" is not called.
 */
int renders__begin(struct renders *r, int record, uint64_t size, const char *format,
		   void (*done)(int err, int fd, uint64_t len, void *data), void *data);

#endif
