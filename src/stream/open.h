/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Opens streams that are in a file, come from a pipe or are sent to a socket. It must not know what
 * is in them.
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

/* Opens "path", or standard input if it is "-". Returns 0 or a negative errno; close it if it
 * returned 0. */
int stream_file__open(struct stream_file *f, const char *path);

/*
 * Waits for one connection to unix:PATH or tcp:HOST:PORT. "listening" is called as soon as a source
 * can connect. Returns 0; -EINVAL if "uri" is neither; -ENXIO if there is no such host or port; or
 * another negative errno.
 */
int stream_file__accept(struct stream_file *f, const char *uri,
			void (*listening)(const char *uri, void *opaque), void *opaque);

/* Reads and drops what follows RAM, so that the sender can send all of it; does nothing for a file.
 * With a return path, the source is told goodbye when it falls silent, because nothing else shows
 * where the state of the devices ends. */
void stream_file__drain(struct stream_file *f, bool return_path);

void stream_file__close(struct stream_file *f);

#endif
