// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * How long until a tracer counts? A process populates a page every so often and writes down when;
 * then a tracer of it is started, and stopped when all is populated. The pages that the tracer has
 * counted are the last ones: the first of them says when it began. Knows nothing of records.
 *
 *	start [-x FILE]... LOG -- TRACER ARG...     PID in ARG stands for the process
 *
 * stdout gets the most memory that the tracer had resident, in KiB.
 * LOG gets one line a page: ns from the tracer's exec on, negative before. -x maps what FILE
 * executes, as a process that runs it has it mapped.
 */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { PAGES_MAX = 200000, PAUSE_NS = 20000, BEFORE_NS = 50000000, AFTER_NS = 100000000 };

struct shared {
	atomic_int stop, stopped;
	size_t pages;
	int64_t at[PAGES_MAX];
};

static int64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

static void pause_ns(long ns)
{
	struct timespec ts = {.tv_nsec = ns};

	nanosleep(&ts, NULL);
}

static void fail(const char *what)
{
	fprintf(stderr, "start: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void map_code(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	Elf64_Ehdr header;
	Elf64_Phdr segment;

	if (fd < 0 || read(fd, &header, sizeof(header)) != sizeof(header))
		fail(path);
	for (int i = 0; i < header.e_phnum; i++) {
		uint64_t in_page;

		if (pread(fd, &segment, sizeof(segment),
			  (off_t)(header.e_phoff + (uint64_t)i * sizeof(segment))) !=
		    sizeof(segment))
			fail(path);
		if (segment.p_type != PT_LOAD || !(segment.p_flags & PF_X))
			continue;
		in_page = segment.p_offset & 4095;
		if (mmap(NULL, segment.p_filesz + in_page, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd,
			 (off_t)(segment.p_offset - in_page)) == MAP_FAILED)
			fail(path);
	}
	close(fd);
}

static void populate(struct shared *s)
{
	int fd = memfd_create("start", MFD_CLOEXEC);
	volatile uint8_t *memory;

	if (fd < 0 || ftruncate(fd, (off_t)PAGES_MAX * 4096))
		fail("memfd");
	memory = mmap(NULL, (size_t)PAGES_MAX * 4096, PROT_READ, MAP_SHARED, fd, 0);
	if (memory == MAP_FAILED)
		fail("mmap");
	while (s->pages < PAGES_MAX && !s->stop) {
		s->at[s->pages] = now_ns();
		(void)memory[s->pages * 4096];
		s->pages++;
		pause_ns(PAUSE_NS);
	}
	s->stopped = 1;
	for (;;)
		pause();
}

/* Starts the tracer, its errors to a pipe. */
static pid_t start_tracer(char **command, pid_t target, int *errors, int64_t *began)
{
	static char number[16];
	int ends[2];
	pid_t pid;

	snprintf(number, sizeof(number), "%d", (int)target);
	for (char **word = command; *word; word++)
		if (!strcmp(*word, "PID"))
			*word = number;
	if (pipe(ends))
		fail("pipe");
	*began = now_ns();
	pid = fork();
	if (pid < 0)
		fail("fork");
	if (!pid) {
		dup2(ends[1], STDERR_FILENO);
		close(ends[0]);
		close(ends[1]);
		execv(command[0], command);
		_exit(127);
	}
	close(ends[1]);
	*errors = ends[0];
	return pid;
}

/* Until the tracer says that it traces; its words go on to our own errors. */
static void await_tracing(int errors)
{
	char line[512];
	FILE *f = fdopen(errors, "r");

	while (f && fgets(line, sizeof(line), f)) {
		if (!strncmp(line, "tracing ", 8))
			return;
		fputs(line, stderr);
	}
	fputs("start: the tracer ended before it traced\n", stderr);
	exit(1);
}

static void stop_populating(const struct shared *s, atomic_int *stop)
{
	pause_ns(AFTER_NS);
	*stop = 1;
	while (!s->stopped)
		pause_ns(1000000);
}

int main(int argc, char **argv)
{
	struct shared *s = mmap(NULL, sizeof(*s), PROT_READ | PROT_WRITE,
				MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	pid_t target, tracer;
	int opt, errors, status;
	int64_t began;
	struct rusage usage;
	FILE *log;

	if (s == MAP_FAILED)
		fail("mmap");
	while ((opt = getopt(argc, argv, "+x:")) == 'x')
		map_code(optarg);
	if (opt != -1 || argc - optind < 3 || strcmp(argv[optind + 1], "--")) {
		fputs("usage: start [-x FILE]... LOG -- TRACER ARG...\n", stderr);
		return 2;
	}
	target = fork();
	if (target < 0)
		fail("fork");
	if (!target)
		populate(s);
	pause_ns(BEFORE_NS);
	tracer = start_tracer(&argv[optind + 2], target, &errors, &began);
	await_tracing(errors);
	stop_populating(s, &s->stop);
	kill(tracer, SIGINT);
	wait4(tracer, &status, 0, &usage);
	printf("%ld\n", usage.ru_maxrss);
	kill(target, SIGKILL);
	log = fopen(argv[optind], "w");
	for (size_t i = 0; log && i < s->pages; i++)
		fprintf(log, "%lld\n", (long long)(s->at[i] - began));
	if (!log || fclose(log))
		fail(argv[optind]);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
