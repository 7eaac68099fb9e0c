// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * neighbour chainless PAGES | sites PAGES | crowd THREADS | maps FILE…: what migpop serve takes for
 * an emulator, beside a real one. At each SIGUSR1 a thread that QEMU would send a guest by writes
 * so many pages: all by code that has no call frame information, or each by a call site of its own,
 * in code made at run time, or each by a thread of its own, which stays. Or it has files mapped to
 * execute.
 */
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

enum { PAGE = 4096, SITE_BYTES = 8 };

void chainless_write(char *at); /* neighbour_chainless.c */

static size_t pages;
static char *sites; /* code, or NULL */
static bool crowd;
static sem_t written; /* once a thread */

static void check(const char *call, int ok)
{
	if (ok)
		return;
	perror(call);
	exit(1);
}

static char *map(size_t size, int prot)
{
	char *at = mmap(NULL, size, prot, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	check("mmap", at != MAP_FAILED);
	return at;
}

/* movb $1, (%rdi); ret */
static void make_sites(void)
{
	static const unsigned char code[SITE_BYTES] = {0xc6, 0x07, 0x01, 0xc3};

	sites = map(pages * SITE_BYTES, PROT_READ | PROT_WRITE | PROT_EXEC);
	for (size_t i = 0; i < pages; i++)
		memcpy(sites + i * SITE_BYTES, code, sizeof(code));
}

static void *stay(void *at)
{
	chainless_write(at);
	check("sem_post", !sem_post(&written));
	pause();
	return NULL;
}

/* Says so when all of them are there. */
static void make_crowd(char *memory)
{
	pthread_attr_t attributes;
	pthread_t thread;

	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, (size_t)PTHREAD_STACK_MIN);
	for (size_t i = 0; i < pages; i++)
		check("pthread_create",
		      !pthread_create(&thread, &attributes, stay, memory + i * PAGE));
	for (size_t i = 0; i < pages; i++)
		check("sem_wait", !sem_wait(&written));
	puts("crowded");
	fflush(stdout);
	pause();
}

static void *migrate(void *unused)
{
	char *memory;

	prctl(PR_SET_NAME, "live_migration");
	poll(NULL, 0, 300); /* as a migration is set up */
	memory = map(pages * PAGE, PROT_READ | PROT_WRITE);
	madvise(memory, pages * PAGE, MADV_NOHUGEPAGE);
	if (crowd)
		make_crowd(memory);
	for (size_t i = 0; i < pages; i++) {
		void (*site)(char *) = chainless_write;

		if (sites) {
			char *at = sites + i * SITE_BYTES;

			memcpy(&site, &at, sizeof(site));
		}
		site(memory + i * PAGE);
	}
	poll(NULL, 0, 100);
	munmap(memory, pages * PAGE);
	return unused;
}

static void map_files(char **paths)
{
	for (; *paths; paths++) {
		int fd = open(*paths, O_RDONLY | O_CLOEXEC);

		check(*paths, fd >= 0);
		check("mmap",
		      mmap(NULL, PAGE, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0) != MAP_FAILED);
		close(fd);
	}
}

int main(int argc, char **argv)
{
	const struct timespec none = {0};
	sigset_t set;

	if (argc < 3)
		return 2;
	if (!strcmp(argv[1], "maps"))
		map_files(argv + 2);
	else
		pages = strtoul(argv[2], NULL, 10);
	if (!strcmp(argv[1], "sites"))
		make_sites();
	crowd = !strcmp(argv[1], "crowd");
	sem_init(&written, 0, 0);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	for (;;) {
		pthread_t thread;

		poll(NULL, 0, 50); /* as an emulator waits in its main loop */
		if (sigtimedwait(&set, NULL, &none) != SIGUSR1)
			continue;
		check("pthread_create", !pthread_create(&thread, NULL, migrate, NULL));
		pthread_join(thread, NULL);
	}
}
