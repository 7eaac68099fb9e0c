// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the replay of a stream is held against.
 *   stream_copy copy FILE BYTES   reads FILE and copies so much of it into a memfd: ns on stdout
 *   stream_copy peak CMD ARGS…    runs CMD; the most memory that it had resident, KiB, on stderr
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { BUFFER = 128 << 10, PAGE = 4096 };

static uint64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static char *new_memory(size_t len)
{
	int fd = memfd_create("copy", MFD_CLOEXEC);
	void *memory;

	if (fd < 0 || ftruncate(fd, (off_t)len))
		return NULL;
	memory = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	return memory == MAP_FAILED ? NULL : memory;
}

/* Page by page, as pages come. */
static int copy(const char *path, size_t bytes)
{
	static char buffer[BUFFER];
	uint64_t since = now();
	char *memory = new_memory(bytes + PAGE);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t done = 0;
	ssize_t n;

	if (fd < 0 || !memory)
		return perror(path), 1;
	while ((n = read(fd, buffer, sizeof(buffer))) > 0)
		for (ssize_t at = 0; at < n && done < bytes; at += PAGE, done += PAGE)
			memcpy(memory + done, buffer + at, PAGE);
	printf("%" PRIu64 "\n", now() - since);
	return n < 0 || done < bytes;
}

static int peak(char **argv)
{
	struct rusage usage;
	int status;
	pid_t pid = fork();

	if (!pid) {
		execvp(argv[0], argv);
		_exit(127);
	}
	if (pid < 0 || wait4(pid, &status, 0, &usage) != pid)
		return perror("wait4"), 1;
	fprintf(stderr, "%ld\n", usage.ru_maxrss);
	return status != 0;
}

int main(int argc, char **argv)
{
	if (argc == 4 && !strcmp(argv[1], "copy"))
		return copy(argv[2], strtoul(argv[3], NULL, 0));
	if (argc > 2 && !strcmp(argv[1], "peak"))
		return peak(argv + 2);
	fputs("usage: stream_copy copy FILE BYTES | peak CMD ARGS...\n", stderr);
	return 2;
}
