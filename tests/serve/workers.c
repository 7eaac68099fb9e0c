// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * workers ROUNDS: what multifd does to a tracer, as a program that is called like an emulator. In
 * each round a thread that has the name of QEMU's migration thread has workers read memory that
 * nobody has touched, and ends; the workers end one after the other in the moments that follow,
 * while the record is made. Prints "round" after each, and goes on when a line is read. Knows no
 * tracer.
 */
#define _GNU_SOURCE
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

enum { WORKERS = 32, PAGES = 256, PAGE = 4096, APART_NS = 400000 };

static char *memory;
static pthread_barrier_t all_read;

static void check(const char *what, int ok)
{
	if (ok)
		return;
	perror(what);
	exit(1);
}

/* As an emulator waits: in its main loop. */
static void await_line(void)
{
	struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
	char line[16];

	check("poll", poll(&input, 1, -1) == 1);
	if (read(STDIN_FILENO, line, sizeof(line)) != 1)
		exit(0);
}

static void *work(void *arg)
{
	size_t i = (size_t)arg;
	struct timespec last = {.tv_nsec = (long)i * APART_NS};

	for (size_t page = i * PAGES; page < (i + 1) * PAGES; page++)
		(void)*(volatile char *)(memory + page * PAGE);
	pthread_barrier_wait(&all_read);
	nanosleep(&last, NULL);
	return NULL;
}

static void *migrate(void *workers)
{
	pthread_t *ids = workers;

	prctl(PR_SET_NAME, "live_migration");
	for (size_t i = 0; i < WORKERS; i++)
		check("pthread_create", !pthread_create(&ids[i], NULL, work, (void *)i));
	pthread_barrier_wait(&all_read);
	return NULL;
}

static void run_round(void)
{
	int fd = memfd_create("workers", MFD_CLOEXEC);
	size_t size = (size_t)WORKERS * PAGES * PAGE;
	pthread_t ids[WORKERS], migration;

	check("memfd_create", fd >= 0 && !ftruncate(fd, (off_t)size));
	memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	check("mmap", memory != MAP_FAILED);
	pthread_barrier_init(&all_read, NULL, WORKERS + 1);
	check("pthread_create", !pthread_create(&migration, NULL, migrate, ids));
	pthread_join(migration, NULL);
	for (size_t i = 0; i < WORKERS; i++)
		pthread_join(ids[i], NULL);
	puts("round");
	fflush(stdout);
	await_line();
	munmap(memory, size);
	close(fd);
}

int main(int argc, char **argv)
{
	prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);
	check("the number of rounds", argc == 2);
	await_line();
	for (int i = atoi(argv[1]); i > 0; i--)
		run_round();
	return 0;
}
