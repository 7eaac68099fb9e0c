// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Reads the files of /proc and /sys. They have no length to ask for, and are read to their end.
 */
#include "proc/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

char *text__read(const char *path, size_t *len)
{
	size_t n = 0, room = 0;
	char *buf = NULL;
	int fd, err;

	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return NULL;
	for (;;) {
		ssize_t got;

		if (n >= TEXT_MAX)
			break;
		if (room - n < 4096) {
			char *more = realloc(buf, room = room ? room * 2 : 16384);

			if (!more)
				goto fail;
			buf = more;
		}
		got = read(fd, buf + n, room - n - 1 < TEXT_MAX - n ? room - n - 1 : TEXT_MAX - n);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			goto fail;
		if (!got)
			break;
		n += (size_t)got;
	}
	close(fd);
	buf[n] = '\0';
	if (len)
		*len = n;
	return buf;
fail:
	err = errno;
	close(fd);
	free(buf);
	errno = err;
	return NULL;
}

char *proc__read(pid_t pid, const char *name, size_t *len)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	return text__read(path, len);
}

int64_t text__field(const char *text, const char *key)
{
	size_t len = strlen(key);

	for (const char *line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (!strncmp(line, key, len))
			return strtoll(line + len, NULL, 10);
	}
	return -1;
}
