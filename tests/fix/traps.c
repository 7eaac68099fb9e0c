// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What others fell into, each on real memory: first it is shown that the trap is there, then that
 * libmigfix stays out of it. Where the kernel does no such thing any more the test fails, for then
 * it says nothing.
 */
#include <errno.h>
#include <fcntl.h>
#include <migfix.h>
#include <linux/memfd.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "holds.h"
#include "memory.h"

enum { PAGES = 64, OLD = 42 };

/* What SEEK_DATA and SEEK_HOLE walked over since this was last 0, in bytes: they cost what they
 * pass. Stands in front of the C library's own for the whole program; volatile, since the compiler
 * believes that the C library's does not change what is static here. */
static volatile uint64_t walked;
static volatile uint64_t seeks;

off_t lseek64(int fd, off_t off, int whence)
{
	off_t found = (off_t)syscall(SYS_lseek, fd, off, whence);

	if (whence == SEEK_DATA || whence == SEEK_HOLE) {
		int saved = errno;
		off_t end = found < 0 ? (off_t)syscall(SYS_lseek, fd, 0, SEEK_END) : found;

		seeks++;
		walked += end > off ? (uint64_t)(end - off) : 0;
		errno = saved;
	}
	return found;
}

static struct migfix_region *open_region(void *mem, uint64_t len, int fd, uint32_t flags)
{
	struct migfix_options options = MIGFIX_OPTIONS_INIT;
	struct migfix_region *region = NULL;

	options.fd = fd;
	options.flags = flags;
	if (!equals("open", migfix_region_open(&region, mem, len, &options), 0))
		fail("nothing more can be tested");
	return region;
}

static void close_region(struct migfix_region *region)
{
	equals("close", migfix_region_close(region), 0);
}

static struct migfix_stats stats_of(const struct migfix_region *region)
{
	struct migfix_stats stats = {0};

	equals("stats", migfix_region_stats(region, &stats, sizeof(stats)), 0);
	return stats;
}

static size_t not_zero(const char *mem, size_t len)
{
	size_t count = 0;

	for (size_t i = 0; i < len; i++)
		count += mem[i] != 0;
	return count;
}

/* Runs fn(arg) in a child; its exit status, or 128 and the signal. */
static int in_child(int (*fn)(void *arg), void *arg)
{
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	check_call("fork", pid >= 0);
	if (!pid) {
		signal(SIGBUS, SIG_DFL);
		_exit(fn(arg));
	}
	check_call("waitpid", waitpid(pid, &status, 0) == pid);
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

/* Takes a huge page if there is one that nobody reserved, and keeps it until killed. */
static int take_huge_page(int ready)
{
	char *mem = mmap(NULL, HUGE_SIZE, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0);
	char took = mem != MAP_FAILED;

	if (took)
		*(volatile char *)mem = 1;
	if (write(ready, &took, 1) != 1)
		return 1;
	for (;;)
		pause();
}

struct thief {
	pid_t pid;
	char took;
};

static struct thief start_thief(void)
{
	struct thief thief = {0};
	int ready[2];

	check_call("pipe", !pipe2(ready, O_CLOEXEC));
	fflush(stdout);
	thief.pid = fork();
	check_call("fork", thief.pid >= 0);
	if (!thief.pid)
		_exit(take_huge_page(ready[1]));
	close(ready[1]);
	check_call("read", read(ready[0], &thief.took, 1) == 1);
	close(ready[0]);
	return thief;
}

static void stop_thief(const struct thief *thief)
{
	kill(thief->pid, SIGKILL);
	waitpid(thief->pid, NULL, 0);
}

static int touch_all(void *arg)
{
	touch_write(arg, 2 * HUGE_SIZE / page_size);
	return 0;
}

static char *huge_memfd(int *fd)
{
	char *mem;

	*fd = named_memfd("huge", 2 * HUGE_SIZE / page_size, MFD_HUGETLB | MFD_HUGE_2MB);
	mem = map_shared(*fd, 2 * HUGE_SIZE / page_size);
	memset(mem, OLD, 2 * HUGE_SIZE);
	return mem;
}

static size_t huge_pages(const char *path)
{
	char text[64] = "";

	if (!setting_get(path, text, sizeof(text)))
		fail("cannot read %s", path);
	return strtoul(text, NULL, 10);
}

/* All that could be had besides the two of the test, until the program ends. */
static void reserve_others(void)
{
	size_t pages = huge_pages("/sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages") -
		       huge_pages("/sys/kernel/mm/hugepages/hugepages-2048kB/resv_hugepages") - 2;

	if (pages)
		check_call("mmap of all huge pages",
			   mmap(NULL, pages * HUGE_SIZE, PROT_READ | PROT_WRITE,
				MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0) != MAP_FAILED);
}

/* A huge page that is punched out takes its reservation along: another process gets it. */
static void test_hugetlb_reservation(void)
{
	struct migfix_region *region;
	struct thief thief;
	char *mem;
	int fd;

	hugetlb_need(2);
	reserve_others();
	mem = huge_memfd(&fd);
	check_call("punch",
		   !fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, HUGE_SIZE));
	thief = start_thief();
	holds(thief.took && in_child(touch_all, mem) == 128 + SIGBUS,
	      "a punched huge page keeps its reservation: this test is void");
	stop_thief(&thief);
	munmap(mem, 2 * HUGE_SIZE), close(fd);

	mem = huge_memfd(&fd);
	for (enum migfix_policy policy = 0; policy <= MIGFIX_POLICY_MADVISE_FIRST; policy++) {
		memset(mem, OLD, 2 * HUGE_SIZE);
		region = open_region(mem, 2 * HUGE_SIZE, fd, 0);
		equals("zero", migfix_zero(region, 0, 2 * HUGE_SIZE), 0);
		close_region(region);
		thief = start_thief();
		holds(!thief.took, "another process took a huge page that was zeroed");
		equals("the next touch", in_child(touch_all, mem), 0);
		stop_thief(&thief);
	}
	equals("from the middle of a huge page",
	       migfix_region_open(&region, mem + page_size, HUGE_SIZE, NULL), -EINVAL);
	munmap(mem, 2 * HUGE_SIZE), close(fd);
}

/* Of a character device SEEK_DATA answers 0, without an error and without meaning it. */
static void test_meaningless_seek(void)
{
	int fd = open("/dev/zero", O_RDWR | O_CLOEXEC);
	struct migfix_options options = MIGFIX_OPTIONS_INIT;
	char *mem = map_shared(fd, PAGES);

	holds(lseek(fd, (off_t)page_size, SEEK_DATA) == 0,
	      "/dev/zero does not answer SEEK_DATA: this test is void");
	memset(mem, OLD, PAGES * page_size);
	for (int i = 0; i < 2; i++) {
		struct migfix_region *region;

		options.fd = i ? fd : -1;
		/* It may be refused: it is another inode than that of the mapping. */
		if (migfix_region_open(&region, mem, PAGES * page_size, &options) == -EBADF && i)
			continue;
		equals("is zero", migfix_is_zero(region, page_size, page_size), 0);
		equals("zero", migfix_zero(region, page_size, page_size), 0);
		equals("bytes not zero", (long long)not_zero(mem, PAGES * page_size),
		       (long long)((PAGES - 1) * page_size));
		close_region(region);
	}
	munmap(mem, PAGES * page_size), close(fd);
}

/* Over what was allocated and never written one SEEK_DATA walks to the end of the file. */
static void test_fallocated_walk(bool whole)
{
	uint64_t len = 1UL << 30, piece = 1UL << 20;
	int fd = route_memfd(len / page_size);
	char *mem = map_shared(fd, len / page_size);
	struct migfix_region *region;
	long before;

	if (fallocate(fd, 0, 0, (off_t)len))
		skip("no memory for 1 GiB: %s", strerror(errno));
	before = memfd_pages(fd);
	walked = 0;
	lseek(fd, 0, SEEK_DATA);
	holds(walked == len, "SEEK_DATA finds data that was never written: this test is void");

	walked = seeks = 0;
	region = open_region(mem, len, fd, 0);
	if (whole)
		equals("zero", migfix_zero(region, 0, len), 0);
	for (uint64_t off = 0; !whole && off < len; off += piece) {
		equals("zero", migfix_zero(region, off, page_size), 0);
		equals("is zero", migfix_is_zero(region, off + page_size, page_size), 1);
	}
	holds(seeks > 0, "no seek was counted: this test is void");
	/* To look at it once, and once for what is asked. */
	holds(walked <= 2 * len, "%llu seeks walked over %.1f times the memory",
	      (unsigned long long)seeks, (double)walked / (double)len);
	equals("pages", memfd_pages(fd), before);
	close_region(region);
	munmap(mem, len), close(fd);
}

/* A page that is in swap is neither present nor, of shared memory, shown as swapped. */
static void test_swapped_shmem(void)
{
	int fd = route_memfd(PAGES);
	char *mem = map_shared(fd, PAGES);
	struct migfix_region *region;

	region = open_region(mem, PAGES * page_size, fd, 0);
	touch_write(mem, PAGES);
	page_out(mem, PAGES);
	equals("is zero", migfix_is_zero(region, 0, page_size), 0);
	page_out(mem, PAGES);
	equals("zero", migfix_zero(region, 0, PAGES * page_size), 0);
	equals("pages left", memfd_pages(fd), 0);
	equals("bytes not zero", (long long)not_zero(mem, PAGES * page_size), 0);
	close_region(region);
	munmap(mem, PAGES * page_size), close(fd);
}

/* A region is not tracked unless it is told that its loader is the only writer, and then no more
 * once it is not. */
static void test_other_writers(void)
{
	int fd = route_memfd(PAGES);
	char *mem = map_shared(fd, PAGES);
	struct migfix_region *region = open_region(mem, PAGES * page_size, fd, 0);

	equals("zero", migfix_zero(region, 0, page_size), 0);
	check_call("pwrite", pwrite(fd, "guest", 5, 0) == 5);
	equals("is zero, written by others", migfix_is_zero(region, 0, page_size), 0);
	equals("zero", migfix_zero(region, 0, page_size), 0);
	equals("bytes not zero", (long long)not_zero(mem, page_size), 0);
	equals("clean pages", (long long)stats_of(region).clean_pages, 0);
	equals("tracking from now on", migfix_region_set_flags(region, MIGFIX_TRACK, 0), -EINVAL);
	close_region(region);

	region = open_region(mem, PAGES * page_size, fd, MIGFIX_TRACK);
	equals("zero", migfix_zero(region, page_size, page_size), 0);
	equals("clean pages", (long long)stats_of(region).clean_pages, 1);
	equals("no more tracking", migfix_region_set_flags(region, 0, MIGFIX_TRACK), 0);
	mem[page_size] = OLD;
	equals("zero", migfix_zero(region, page_size, page_size), 0);
	equals("bytes not zero", (long long)not_zero(mem + page_size, page_size), 0);
	equals("tracking again", migfix_region_set_flags(region, MIGFIX_TRACK, 0), -EINVAL);
	close_region(region);
	munmap(mem, PAGES * page_size), close(fd);
}

/* Where preallocation is not told it is what is populated when the region is opened. */
static void test_first_sight(bool shared)
{
	int fd = shared ? route_memfd(PAGES) : -1;
	char *mem = shared ? map_shared(fd, PAGES) : map_anon(PAGES);
	struct migfix_region *region;
	struct migfix_info info;
	long left;

	touch_write(mem, PAGES / 2);
	region = open_region(mem, PAGES * page_size, fd, 0);
	touch_write(mem, PAGES);
	equals("info", migfix_region_info(region, &info, sizeof(info)), 0);
	equals("preallocated pages", (long long)info.preallocated_pages, PAGES / 2);
	equals("zero", migfix_zero(region, 0, PAGES * page_size), 0);
	left = shared ? memfd_pages(fd) : smaps_pages(mem, "Anonymous");
	equals("pages left", left, PAGES / 2);
	equals("discarded pages", (long long)stats_of(region).discarded_pages, PAGES / 2);
	equals("bytes not zero", (long long)not_zero(mem, PAGES * page_size), 0);
	close_region(region);
	munmap(mem, PAGES * page_size);
	if (shared)
		close(fd);
}

/* A huge page of tmpfs that somebody holds cannot be split: what is punched out of it is made zero
 * in place, and its memory stays. */
static void test_not_freed(void)
{
	struct memory memory;
	struct migfix_region *region;
	size_t before, wanted = 100;
	int held[2];

	memory_make(&memory, MEMORY_MEMFD, STATE_THP, 1);
	region = open_region(memory.region, memory.pages * page_size, -1, 0);
	memset(memory.region, OLD, HUGE_SIZE);
	if (smaps_pages(memory.region, "ShmemPmdMapped") < (long)(HUGE_SIZE / page_size)) {
		printf("SKIP: a page that stays: no huge page of tmpfs to be had\n");
		close_region(region);
		memory_free(&memory);
		return;
	}
	check_call("pipe", !pipe2(held, O_CLOEXEC));
	check_call("vmsplice",
		   vmsplice(held[1],
			    &(struct iovec){memory.region + HUGE_SIZE - page_size, page_size}, 1,
			    0) == (ssize_t)page_size);
	before = memory_count(&memory);
	equals("zero", migfix_zero(region, 0, wanted * page_size), 0);
	holds(memory_count(&memory) == before,
	      "a huge page that is held was split: this test is void");
	equals("pages not freed", (long long)stats_of(region).not_freed_pages, (long long)wanted);
	equals("discarded pages", (long long)stats_of(region).discarded_pages, 0);
	equals("zero pages", (long long)stats_of(region).zero_pages, (long long)wanted);
	equals("bytes not zero", (long long)not_zero(memory.region, wanted * page_size), 0);
	equals("bytes changed beside",
	       (long long)(HUGE_SIZE - wanted * page_size -
			   not_zero(memory.region + wanted * page_size,
				    HUGE_SIZE - wanted * page_size)),
	       0);
	close(held[0]), close(held[1]);
	close_region(region);
	memory_free(&memory);
}

int main(void)
{
	test_meaningless_seek();
	test_fallocated_walk(false);
	test_fallocated_walk(true);
	test_other_writers();
	test_first_sight(false);
	test_first_sight(true);
	test_not_freed();
	test_hugetlb_reservation();
	/* Last: it may be left out. */
	swap_need(4 * PAGES);
	test_swapped_shmem();
	return verdict();
}
