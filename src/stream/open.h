/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Streams that lie in a file, come out of a pipe or are sent to a socket. It must not know what is
 * in them.
 */
#ifndef MIGPOP_STREAM_OPEN_H
#define MIGPOP_STREAM_OPEN_H

#include <stddef.h>

#include "stream/stream.h"

struct stream_file {
	struct stream_source source;
	int fd;
	bool is_socket;
};

/* "path", or standard input for "-". 0 or a negative errno; to be closed if it is 0. */
int stream_file__open(struct stream_file *f, const char *path);

/*
 * Waits for one connection to unix:PATH or tcp:HOST:PORT; "listening" is called when a source can
 * connect. -EINVAL: neither; -ENXIO: no such host or port, or other negative errno.
 */
int stream_file__accept(struct stream_file *f, const char *uri,
			void (*listening)(const char *uri, void *opaque), void *opaque);

/* Takes what comes after RAM, so that the sender gets rid of it; nothing of a file. With a return
 * path the source is told goodbye when it falls silent: nothing else shows where the state of
 * devices ends. */
void stream_file__drain(struct stream_file *f, bool return_path);

void stream_file__close(struct stream_file *f);

#endif
