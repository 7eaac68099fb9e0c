// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * truncate FILE [END]: reads the stream in FILE as if it ended at each byte from 0 up to END (64
 * KiB). Each time the reader has to say so: in a line, within the bytes that there were, and not
 * that anything else is wrong. Exit status 1, with the offset, when it does not.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "stream_bytes.h"

static struct sunk sunk = {.most = UINT64_C(1) << 40};

static bool holds(const uint8_t *data, size_t len, bool seekable)
{
	struct bytes bytes = {.data = data, .len = len};
	struct stream_source source = {.read = bytes__read, .opaque = &bytes, .seekable = seekable};
	struct stream_sink sink = sunk__sink(&sunk);
	struct stream_error error = {.offset = UINT64_MAX};
	struct stream_info info;
	int err = stream__read(&source, &sink, &info, &error);

	sunk__clear(&sunk);
	if (err == -ENODATA && error.text[0] && !strchr(error.text, '\n'))
		return seekable || error.offset == len;
	printf("FAIL: of the first %zu bytes: %d at %" PRIu64 ": %s\n", len, err,
	       err ? error.offset : 0, err ? error.text : "accepted");
	return false;
}

int main(int argc, char **argv)
{
	size_t end = argc > 2 ? strtoul(argv[2], NULL, 0) : 64 << 10;
	int fd = argc > 1 ? open(argv[1], O_RDONLY | O_CLOEXEC) : -1;
	const uint8_t *data;
	struct stat st;

	if (fd < 0 || fstat(fd, &st)) {
		fputs("usage: truncate FILE [END]\n", stderr);
		return 2;
	}
	data = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (data == MAP_FAILED) {
		perror("mmap");
		return 2;
	}
	if (end > (size_t)st.st_size)
		end = (size_t)st.st_size;
	for (size_t len = 0; len < end; len++)
		if (!holds(data, len, false))
			return 1;
	printf("truncated at each of the first %zu bytes\n", end);
	return 0;
}
