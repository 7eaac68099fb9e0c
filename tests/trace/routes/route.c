// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The common part of the route programs: memory, touching it, the kernel's own figures. Programs
 * that test something else than routes share it too: nothing here knows main().
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "route.h"

size_t page_size;

__attribute__((constructor)) static void learn_page_size(void)
{
	page_size = (size_t)sysconf(_SC_PAGESIZE);
}

void fail(const char *fmt, ...)
{
	va_list args;

	fprintf(stderr, "%s: ", program_invocation_short_name);
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fputc('\n', stderr);
	exit(1);
}

/* Said on stdout too: a tracer between the program and the runner may have an exit status of its
 * own. */
void skip(const char *fmt, ...)
{
	char reason[256];
	va_list args;

	va_start(args, fmt);
	vsnprintf(reason, sizeof(reason), fmt, args);
	va_end(args);
	fprintf(stderr, "SKIP: %s\n", reason);
	printf("skip %s\n", reason);
	exit(77);
}

void expect(const char *fmt, ...)
{
	va_list args;

	fputs("expect ", stdout);
	va_start(args, fmt);
	vprintf(fmt, args);
	va_end(args);
	putchar('\n');
}

void check_equal(const char *what, long found, long expected)
{
	if (found != expected)
		fail("%s: the kernel says %ld, expected %ld", what, found, expected);
}

void check_call(const char *what, bool ok)
{
	if (!ok)
		fail("%s: %s", what, strerror(errno));
}

__attribute__((noipa)) void touch_read(const volatile char *mem, size_t pages)
{
	for (size_t i = 0; i < pages; i++)
		(void)mem[i * page_size];
}

__attribute__((noipa)) void touch_again(const volatile char *mem, size_t pages)
{
	for (size_t i = 0; i < pages; i++)
		(void)mem[i * page_size];
}

/* Never zero: swap and KSM treat pages of zeros in ways of their own. */
__attribute__((noipa)) void touch_write(volatile char *mem, size_t pages)
{
	for (size_t i = 0; i < pages; i++)
		mem[i * page_size] = (char)(i | 1);
}

int named_memfd(const char *name, size_t pages, unsigned int flags)
{
	int fd = memfd_create(name, flags | MFD_CLOEXEC);

	if (fd < 0 || ftruncate(fd, (off_t)(pages * page_size)))
		fail("cannot make a memfd of %zu pages: %s", pages, strerror(errno));
	return fd;
}

int route_memfd(size_t pages)
{
	return named_memfd("route", pages, 0);
}

/*
 * A mapping of its own: the pages of PROT_NONE around it keep it from being merged with a
 * neighbour, which would add the neighbour to its line of smaps.
 */
char *map_anon_aligned(size_t pages, size_t align)
{
	size_t size = pages * page_size;
	char *room = mmap(NULL, size + 2 * align, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *mem = (char *)(((uintptr_t)room + 2 * align - 1) & ~(align - 1));

	check_call("mmap", room != MAP_FAILED);
	check_call("mprotect", !mprotect(mem, size, PROT_READ | PROT_WRITE));
	return mem;
}

char *map_anon(size_t pages)
{
	return map_anon_aligned(pages, page_size);
}

/* Aligned, as huge pages must be, so that fault-around takes as many faults in every run. */
static char *map(size_t pages, int flags, int fd)
{
	void *mem = mmap(map_anon_aligned(pages, HUGE_SIZE), pages * page_size,
			 PROT_READ | PROT_WRITE, flags | MAP_FIXED, fd, 0);

	check_call("mmap", mem != MAP_FAILED);
	return mem;
}

char *map_shared(int fd, size_t pages)
{
	return map(pages, MAP_SHARED, fd);
}

char *map_private(int fd, size_t pages)
{
	return map(pages, MAP_PRIVATE, fd);
}

static int empty_file(void)
{
	const char *dir = getenv("TMPDIR");
	char path[4096];
	int fd;

	snprintf(path, sizeof(path), "%s/route.XXXXXX", dir ? dir : "/var/tmp");
	fd = mkostemp(path, O_CLOEXEC);
	check_call(path, fd >= 0);
	unlink(path);
	return fd;
}

int hole_file(size_t pages)
{
	int fd = empty_file();

	if (is_tmpfs(fd))
		skip("temporary files are in memory here: TMPDIR must be on a disk");
	check_call("ftruncate", !ftruncate(fd, (off_t)(pages * page_size)));
	return fd;
}

void file_forget(int fd, const void *mem, size_t pages)
{
	check_call("fsync", !fsync(fd));
	check_call("POSIX_FADV_DONTNEED", !posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED));
	if (pages_present((void *)(uintptr_t)mem, pages))
		skip("%ld of %zu pages of a file stay in the page cache",
		     pages_present((void *)(uintptr_t)mem, pages), pages);
}

void check_cached(void *mem, size_t pages, long expected)
{
	long found = pages_present(mem, pages);

	if (found < expected)
		skip("the kernel took %ld of %ld pages of the file back meanwhile",
		     expected - found, expected);
	check_equal("pages in the cache", found, expected);
}

int temp_file(size_t pages)
{
	size_t left = pages * page_size;
	char block[65536];
	int fd = empty_file();

	memset(block, 0x5a, sizeof(block));
	while (left) {
		ssize_t n = write(fd, block, left < sizeof(block) ? left : sizeof(block));

		check_call("write to a temporary file", n > 0);
		left -= (size_t)n;
	}
	check_call("fsync", !fsync(fd));
	check_call("lseek", lseek(fd, 0, SEEK_SET) == 0);
	return fd;
}

bool is_tmpfs(int fd)
{
	struct statfs fs;

	check_call("fstatfs", !fstatfs(fd, &fs));
	return fs.f_type == TMPFS_MAGIC || fs.f_type == RAMFS_MAGIC;
}

long memfd_pages(int fd)
{
	struct stat st;

	check_call("fstat", !fstat(fd, &st));
	return (long)((size_t)st.st_blocks * 512 / page_size);
}

long smaps_pages(const void *mem, const char *field)
{
	FILE *smaps = fopen("/proc/self/smaps", "re");
	size_t length = strlen(field);
	bool inside = false;
	long found = -1;
	char line[4096];

	check_call("/proc/self/smaps", smaps != NULL);
	while (found < 0 && fgets(line, sizeof(line), smaps)) {
		unsigned long start, end;

		if (sscanf(line, "%lx-%lx ", &start, &end) == 2)
			inside = (uintptr_t)mem >= start && (uintptr_t)mem < end;
		else if (inside && !strncmp(line, field, length) && line[length] == ':')
			found = (long)(strtoul(line + length + 1, NULL, 10) * 1024 / page_size);
	}
	fclose(smaps);
	if (found < 0)
		fail("no %s in /proc/self/smaps for %p", field, (const void *)mem);
	return found;
}

long pages_present(void *mem, size_t pages)
{
	unsigned char *vec = malloc(pages);
	long present = 0;

	check_call("malloc", vec != NULL);
	check_call("mincore", !mincore(mem, pages * page_size, vec));
	for (size_t i = 0; i < pages; i++)
		present += vec[i] & 1;
	free(vec);
	return present;
}

long minor_faults(void)
{
	struct rusage usage;

	check_call("getrusage", !getrusage(RUSAGE_THREAD, &usage));
	return usage.ru_minflt;
}

long major_faults(void)
{
	struct rusage usage;

	check_call("getrusage", !getrusage(RUSAGE_THREAD, &usage));
	return usage.ru_majflt;
}

struct thread {
	pthread_t id;
	size_t index;
	void (*fn)(size_t index);
	pthread_barrier_t *start;
};

static void *thread_main(void *arg)
{
	struct thread *thread = arg;

	pthread_barrier_wait(thread->start);
	thread->fn(thread->index);
	return NULL;
}

void run_threads(size_t threads, void (*fn)(size_t index))
{
	struct thread *all = calloc(threads, sizeof(*all));
	pthread_barrier_t start;

	check_call("calloc", all != NULL);
	pthread_barrier_init(&start, NULL, (unsigned int)threads);
	for (size_t i = 0; i < threads; i++) {
		all[i] = (struct thread){.index = i, .fn = fn, .start = &start};
		errno = pthread_create(&all[i].id, NULL, thread_main, &all[i]);
		check_call("pthread_create", !errno);
	}
	for (size_t i = 0; i < threads; i++)
		pthread_join(all[i].id, NULL);
	pthread_barrier_destroy(&start);
	free(all);
}

/* A page that cannot be dropped, being mapped, makes the kernel drain all batches and try again; in
 * an initramfs nothing is tried. Moving a page drains them as well, where there is NUMA. */
void drain_lru_batches(void)
{
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC), status = -1, node;
	void *page = (void *)((uintptr_t)&page & ~(uintptr_t)(page_size - 1));

	check_call("open /proc/self/exe", fd >= 0);
	check_call("posix_fadvise", !posix_fadvise(fd, 0, (off_t)page_size, POSIX_FADV_DONTNEED));
	close(fd);
	if (syscall(SYS_move_pages, 0, 1UL, &page, NULL, &status, 0) || status < 0)
		return;
	node = status;
	syscall(SYS_move_pages, 0, 1UL, &page, &node, &status, 1 << 1 /* MPOL_MF_MOVE */);
}
