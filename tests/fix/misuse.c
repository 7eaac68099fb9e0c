// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a caller can get wrong, and the errno that the header promises for it; where it promises
 * none, that the mistake does no harm.
 */
#include <errno.h>
#include <fcntl.h>
#include <migfix.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../trace/routes/uffd.h"
#include "holds.h"
#include "memory.h"

enum { PAGES = 16 };

static struct migfix_region *region;

static int open_with(void *addr, uint64_t len, const struct migfix_options *options)
{
	int result;

	region = NULL;
	result = migfix_region_open(&region, addr, len, options);
	if (!result)
		equals("close", migfix_region_close(region), 0);
	return result;
}

static struct migfix_options with_fd(int fd, uint64_t offset)
{
	struct migfix_options options = MIGFIX_OPTIONS_INIT;

	options.fd = fd;
	options.fd_offset = offset;
	return options;
}

static void test_ranges_of_open(char *mem)
{
	char *torn = map_anon(3), *unreadable = map_anon(1);

	check_call("mprotect", !mprotect(unreadable, page_size, PROT_NONE));
	equals("unreadable memory", open_with(unreadable, page_size, NULL), -EACCES);

	check_call("munmap", !munmap(torn + page_size, page_size));
	equals("no address", open_with(NULL, page_size, NULL), -EINVAL);
	equals("no length", open_with(mem, 0, NULL), -EINVAL);
	equals("no region", migfix_region_open(NULL, mem, page_size, NULL), -EINVAL);
	equals("unaligned address", open_with(mem + 1, page_size, NULL), -EINVAL);
	equals("address of a target page", open_with(mem + 1024, page_size, NULL), -EINVAL);
	equals("longer than all memory", open_with(mem, UINT64_MAX - 1, NULL), -EINVAL);
	equals("a hole in it", open_with(torn, 3 * page_size, NULL), -ENOMEM);
	equals("nothing mapped", open_with(torn + page_size, page_size, NULL), -ENOMEM);
	equals("ends unmapped", open_with(torn, 2 * page_size, NULL), -ENOMEM);
	equals("no options", open_with(mem, PAGES * page_size, NULL), 0);
}

static void test_options(char *mem)
{
	struct migfix_options options = MIGFIX_OPTIONS_INIT;
	struct {
		struct migfix_options known;
		uint64_t later;
	} longer = {.known = MIGFIX_OPTIONS_INIT, .later = 1};

	options.size = 0;
	equals("options of no size", open_with(mem, page_size, &options), -EINVAL);
	options.size = sizeof(options) - 1;
	equals("options of a smaller size", open_with(mem, page_size, &options), -EINVAL);
	longer.known.size = sizeof(longer);
	equals("options of a later version", open_with(mem, page_size, &longer.known), -E2BIG);
	longer.later = 0;
	equals("the same that ask for nothing", open_with(mem, page_size, &longer.known), 0);
	options = with_fd(-1, 0);
	options.flags = 1U << 31;
	equals("unknown flags", open_with(mem, page_size, &options), -EINVAL);
	options.flags = MIGFIX_CONFINED << 1;
	equals("the next flag", open_with(mem, page_size, &options), -EINVAL);
	options.flags = 0;
	options.policy = (enum migfix_policy)99;
	equals("unknown policy", open_with(mem, page_size, &options), -EINVAL);
	options.policy = MIGFIX_POLICY_AUTO;
	options.backing = (enum migfix_backing)99;
	equals("unknown backing", open_with(mem, page_size, &options), -EINVAL);
}

static void test_contradictions(char *mem)
{
	static const enum migfix_backing not_anon[] = {
		MIGFIX_BACKING_ANON_SHARED, MIGFIX_BACKING_SHMEM, MIGFIX_BACKING_FILE,
		MIGFIX_BACKING_FILE_PRIVATE, MIGFIX_BACKING_HUGETLB};
	int fd = route_memfd(PAGES);
	char *shared = map_shared(fd, PAGES), *private = map_private(fd, PAGES);
	struct migfix_options options = with_fd(-1, 0);

	for (size_t i = 0; i < sizeof(not_anon) / sizeof(not_anon[0]); i++) {
		options.backing = not_anon[i];
		holds(open_with(mem, page_size, &options) == -EINVAL,
		      "backing %d of anonymous memory is taken", (int)not_anon[i]);
	}
	options.backing = MIGFIX_BACKING_ANON;
	equals("anonymous, of a shared memfd", open_with(shared, page_size, &options), -EINVAL);
	equals("anonymous, of a private memfd", open_with(private, page_size, &options), -EINVAL);
	options = with_fd(fd, 0);
	options.backing = MIGFIX_BACKING_SHMEM;
	equals("shmem, of a private mapping", open_with(private, page_size, &options), -EINVAL);
	options.backing = MIGFIX_BACKING_UNKNOWN;
	equals("unknown may always be told", open_with(shared, page_size, &options), 0);
	munmap(shared, PAGES * page_size);
	munmap(private, PAGES * page_size);
	close(fd);
}

static void test_fds(char *mem)
{
	int fd = route_memfd(PAGES), other = route_memfd(PAGES), closed = route_memfd(1);
	int zero = open("/dev/zero", O_RDWR | O_CLOEXEC);
	char *shared = map_shared(fd, PAGES);
	struct migfix_options options = with_fd(closed, 0);

	close(closed);
	equals("closed fd", open_with(shared, page_size, &options), -EBADF);
	options = with_fd(other, 0);
	equals("fd of another file", open_with(shared, page_size, &options), -EBADF);
	options = with_fd(fd, page_size);
	equals("another offset", open_with(shared, page_size, &options), -EINVAL);
	options = with_fd(fd, 0);
	equals("an fd, of anonymous memory", open_with(mem, page_size, &options), -EBADF);
	options = with_fd(zero, 0);
	equals("/dev/zero, of a memfd", open_with(shared, page_size, &options), -EBADF);
	options = with_fd(fd, 3 * page_size);
	equals("the right one", open_with(shared + 3 * page_size, page_size, &options), 0);
	munmap(shared, PAGES * page_size);
	close(zero), close(other), close(fd);
}

typedef int range_call(uint64_t off, uint64_t len);

static int call_zero(uint64_t off, uint64_t len)
{
	return migfix_zero(region, off, len);
}

static int call_zero_later(uint64_t off, uint64_t len)
{
	return migfix_zero_later(region, off, len);
}

static int call_write(uint64_t off, uint64_t len)
{
	void *memory;

	return migfix_write(region, off, len, &memory);
}

static int call_is_zero(uint64_t off, uint64_t len)
{
	return migfix_is_zero(region, off, len);
}

static int call_populate(uint64_t off, uint64_t len)
{
	return migfix_populate_read(region, off, len, NULL, NULL);
}

static int call_populate_bitmap(uint64_t off, uint64_t len)
{
	uint64_t bitmap = 0;

	return migfix_populate_read_bitmap(region, off, len, &bitmap, page_size);
}

static const struct {
	const char *name;
	range_call *call;
} calls[] = {
	{"zero", call_zero},         {"zero_later", call_zero_later},
	{"write", call_write},       {"is_zero", call_is_zero},
	{"populate", call_populate}, {"populate_bitmap", call_populate_bitmap},
};

static void test_out_of_range(uint64_t len)
{
	const uint64_t bad[][2] = {
		{0, len + 1},
		{len, 1},
		{len - 1, 2},
		{len + 1, 0},
		{UINT64_MAX, 1},
		{UINT64_MAX, 2},
		{1, UINT64_MAX},
		{len, UINT64_MAX},
		{UINT64_MAX - len + 2, len},
		{0, UINT64_MAX},
		{UINT64_MAX / 2 + 1, UINT64_MAX / 2 + 1},
	};

	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		for (size_t j = 0; j < sizeof(bad) / sizeof(bad[0]); j++)
			holds(calls[i].call(bad[j][0], bad[j][1]) == -EINVAL,
			      "%s of [%llx, +%llx) of %llx bytes is taken", calls[i].name,
			      (unsigned long long)bad[j][0], (unsigned long long)bad[j][1],
			      (unsigned long long)len);
}

static void test_nothing(uint64_t len)
{
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		int wanted = calls[i].call == call_is_zero ? 1 : 0;

		equals(calls[i].name, calls[i].call(0, 0), wanted);
		equals(calls[i].name, calls[i].call(len, 0), wanted);
	}
}

static int backwards(void *opaque, uint64_t off, struct migfix_section *section)
{
	(void)opaque;
	*section = (struct migfix_section){0, off};
	return 1;
}

static int endless(void *opaque, uint64_t off, struct migfix_section *section)
{
	(void)opaque, (void)off;
	*section = (struct migfix_section){page_size, UINT64_MAX};
	return 1;
}

static int fails(void *opaque, uint64_t off, struct migfix_section *section)
{
	(void)opaque, (void)off, (void)section;
	return -EIO;
}

static void test_populate(void)
{
	uint64_t bitmap = 0;

	equals("a section before", migfix_populate_read(region, 0, page_size, backwards, NULL),
	       -EINVAL);
	equals("a section that overflows",
	       migfix_populate_read(region, 0, page_size, endless, NULL), -EINVAL);
	equals("the callback fails", migfix_populate_read(region, 0, page_size, fails, NULL), -EIO);
	equals("no bitmap", migfix_populate_read_bitmap(region, 0, page_size, NULL, page_size),
	       -EINVAL);
	equals("no granule", migfix_populate_read_bitmap(region, 0, page_size, &bitmap, 0),
	       -EINVAL);
	equals("an odd granule", migfix_populate_read_bitmap(region, 0, page_size, &bitmap, 3000),
	       -EINVAL);
}

static void test_nulls(void)
{
	struct migfix_stats stats;
	struct migfix_info info;

	equals("write to nowhere", migfix_write(region, 0, 1, NULL), -EINVAL);
	equals("memory to nowhere", migfix_memory(region, NULL), -EINVAL);
	equals("info to nowhere", migfix_region_info(region, NULL, sizeof(info)), -EINVAL);
	equals("stats to nowhere", migfix_region_stats(region, NULL, sizeof(stats)), -EINVAL);
	equals("info of no size", migfix_region_info(region, &info, 0), -EINVAL);
	equals("close nothing", migfix_region_close(NULL), 0);
}

static void test_flags(void)
{
	equals("unknown flag set", migfix_region_set_flags(region, 1U << 20, 0), -EINVAL);
	equals("unknown flag cleared", migfix_region_set_flags(region, 0, 1U << 20), -EINVAL);
	equals("set and cleared", migfix_region_set_flags(region, MIGFIX_PINNED, MIGFIX_PINNED),
	       -EINVAL);
	equals("tracking from now on", migfix_region_set_flags(region, MIGFIX_TRACK, 0), -EINVAL);
	equals("confined later", migfix_region_set_flags(region, MIGFIX_CONFINED, 0), -EINVAL);
	equals("not confined later", migfix_region_set_flags(region, 0, MIGFIX_CONFINED), -EINVAL);
	equals("all that may be told",
	       migfix_region_set_flags(region, MIGFIX_PINNED | MIGFIX_LOCKED, 0), 0);
}

/* Every call on what is no region (any more). */
static void test_no_region(const char *when)
{
	struct migfix_stats stats;
	struct migfix_info info;
	void *memory;

	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		holds(calls[i].call(0, 1) == -EINVAL, "%s on a region that is %s", calls[i].name,
		      when);
	equals("flush", migfix_flush(region), -EINVAL);
	equals("memory", migfix_memory(region, &memory), -EINVAL);
	equals("flags", migfix_region_set_flags(region, MIGFIX_PINNED, 0), -EINVAL);
	equals("info", migfix_region_info(region, &info, sizeof(info)), -EINVAL);
	equals("stats", migfix_region_stats(region, &stats, sizeof(stats)), -EINVAL);
}

static size_t not_zero(const char *mem)
{
	size_t count = 0;

	for (size_t i = 0; i < PAGES * page_size; i++)
		count += mem[i] != 0;
	return count;
}

static void test_forgotten_flush(char *mem)
{
	equals("open", migfix_region_open(&region, mem, PAGES * page_size, NULL), 0);
	memset(mem, 42, PAGES * page_size);
	for (size_t i = 0; i < PAGES; i++)
		equals("zero later", migfix_zero_later(region, i * page_size, page_size), 0);
	equals("close", migfix_region_close(region), 0);
	equals("bytes not zero after close without a flush", (long long)not_zero(mem), 0);
}

/* What a region turned out to be; its memory is made zero in any case. */
static void is_backed(const char *what, char *mem, const struct migfix_options *options,
		      enum migfix_backing backing, uint32_t flags)
{
	struct migfix_info info = {0};
	bool writable;

	equals(what, migfix_region_open(&region, mem, PAGES * page_size, options), 0);
	equals("info", migfix_region_info(region, &info, sizeof(info)), 0);
	equals(what, (long long)info.backing, (long long)backing);
	equals("flags", info.flags, flags);
	writable = !(flags & MIGFIX_READ_ONLY);
	if (writable)
		memset(mem, 42, PAGES * page_size);
	equals("zero", migfix_zero(region, 0, PAGES * page_size), 0);
	equals("bytes not zero", (long long)not_zero(mem), 0);
	equals("close", migfix_region_close(region), 0);
}

static void test_several_mappings(void)
{
	char *mem = map_anon(PAGES), *half = mem + PAGES / 2 * page_size;
	int fd = route_memfd(PAGES);
	size_t len = PAGES / 2 * page_size;

	check_call("mprotect", !mprotect(half, len, PROT_READ));
	is_backed("half of it read-only", mem, NULL, MIGFIX_BACKING_ANON, MIGFIX_READ_ONLY);
	check_call("mmap",
		   mmap(half, len, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd, 0) == half);
	is_backed("half of it a memfd", mem, NULL, MIGFIX_BACKING_UNKNOWN, 0);
	check_call("mmap",
		   mmap(mem, len, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd, 0) == mem);
	is_backed("the same file twice", mem, NULL, MIGFIX_BACKING_UNKNOWN, 0);
	munmap(mem, PAGES * page_size);
	close(fd);
}

/* As QEMU runs: without the privilege to open what it mapped. */
static void test_unprivileged(void)
{
	struct migfix_options told = MIGFIX_OPTIONS_INIT;
	char path[] = "/dev/shm/migfix.XXXXXX", *anon = map_anon(PAGES), *memfd, *tmpfs;
	int fd = route_memfd(PAGES), file = mkostemp(path, O_CLOEXEC);

	check_call(path, file >= 0 && !unlink(path));
	check_call("ftruncate", !ftruncate(file, (off_t)(PAGES * page_size)));
	memfd = map_shared(fd, PAGES);
	tmpfs = map_shared(file, PAGES);
	if (seteuid(65534)) {
		puts("not root: without privileges anyway");
	} else {
		/* Else /proc/self is not its own any more. */
		check_call("PR_SET_DUMPABLE", !prctl(PR_SET_DUMPABLE, 1));
	}
	is_backed("anonymous memory", anon, NULL, MIGFIX_BACKING_ANON, 0);
	is_backed("a memfd without its fd", memfd, NULL, MIGFIX_BACKING_ANON_SHARED, 0);
	is_backed("a tmpfs without its fd", tmpfs, NULL, MIGFIX_BACKING_FILE, 0);
	told.backing = MIGFIX_BACKING_SHMEM;
	is_backed("a tmpfs that is told", tmpfs, &told, MIGFIX_BACKING_UNKNOWN, 0);
	told.fd = file;
	is_backed("a tmpfs with its fd", tmpfs, &told, MIGFIX_BACKING_SHMEM, MIGFIX_PREALLOCATED);
	check_call("seteuid", !seteuid(getuid()));
	munmap(anon, PAGES * page_size);
	munmap(memfd, PAGES * page_size);
	munmap(tmpfs, PAGES * page_size);
	close(fd);
	close(file);
}

/* Where /proc/self/smaps is refused, only shmem whose fd is told can be checked. */
static void test_confined(void)
{
	char *anon = map_anon(PAGES), *shared, *private;
	int fd = route_memfd(PAGES), other = route_memfd(PAGES);
	struct migfix_options options = with_fd(-1, 0);
	struct migfix_info info;

	shared = map_shared(fd, PAGES);
	private = map_private(fd, PAGES);
	options.flags = MIGFIX_CONFINED;
	is_backed("anonymous memory", anon, &options, MIGFIX_BACKING_UNKNOWN, MIGFIX_CONFINED);
	options.fd = other;
	equals("the fd of another memfd", open_with(shared, PAGES * page_size, &options), -EBADF);
	options.fd = fd;
	options.backing = MIGFIX_BACKING_ANON;
	equals("anonymous, of a memfd", open_with(shared, PAGES * page_size, &options), -EINVAL);
	options.backing = MIGFIX_BACKING_DETECT;
	for (int locked = 0; locked < 2; locked++) {
		if (locked)
			check_call("mlock2", !mlock2(shared, PAGES * page_size, MLOCK_ONFAULT));
		equals("open", migfix_region_open(&region, shared, PAGES * page_size, &options), 0);
		memset(shared, 1, page_size);
		equals("zero", migfix_zero(region, 0, PAGES * page_size), 0);
		equals("info", migfix_region_info(region, &info, sizeof(info)), 0);
		equals("backing", (long long)info.backing, MIGFIX_BACKING_SHMEM);
		equals("gives back", info.gives_back, !locked);
		equals("is populated", lseek(fd, 0, SEEK_DATA) == 0, locked);
		equals("bytes not zero", (long long)not_zero(shared), 0);
		equals("close", migfix_region_close(region), 0);
		check_call("fallocate", !fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
						   0, (off_t)(PAGES * page_size)));
	}
	is_backed("a private mapping", private, &options, MIGFIX_BACKING_UNKNOWN, MIGFIX_CONFINED);
	options.fd = -1;
	is_backed("a memfd without its fd", shared, &options, MIGFIX_BACKING_UNKNOWN,
		  MIGFIX_CONFINED);
	munmap(anon, PAGES * page_size);
	munmap(shared, PAGES * page_size);
	munmap(private, PAGES * page_size);
	close(fd);
	close(other);
}

/* Nobody can be asked what the memory is. */
static void test_no_proc(void)
{
	int root = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	char dir[] = "/tmp/migfix.XXXXXX", *mem = map_anon(PAGES);

	check_call("mkdtemp", root >= 0 && mkdtemp(dir));
	if (chroot(dir)) {
		puts("cannot chroot: not tried without /proc");
	} else {
		is_backed("without /proc", mem, NULL, MIGFIX_BACKING_UNKNOWN, 0);
		check_call("back", !fchdir(root) && !chroot("."));
	}
	rmdir(dir);
	close(root);
	munmap(mem, PAGES * page_size);
}

/* A file that was made shorter: what is beyond its end cannot be touched. */
static void test_short_file(void)
{
	struct migfix_options options;
	uint64_t end = (PAGES - 1) * page_size;
	int fd = route_memfd(PAGES);
	char *shared = map_shared(fd, PAGES), *private = map_private(fd, PAGES);

	options = with_fd(fd, 0);
	options.flags = MIGFIX_MUST_BE_PRESENT;
	equals("open", migfix_region_open(&region, shared, PAGES * page_size, &options), 0);
	check_call("ftruncate", !ftruncate(fd, (off_t)page_size));
	equals("zero", migfix_zero(region, end, page_size), -EFAULT);
	equals("populate", migfix_populate_read(region, end, page_size, NULL, NULL), -EFAULT);
	equals("is zero", migfix_is_zero(region, end, page_size), 1);
	equals("close", migfix_region_close(region), 0);
	options.flags = 0;
	equals("open", migfix_region_open(&region, private, PAGES * page_size, &options), 0);
	equals("is zero", migfix_is_zero(region, end, page_size), 1);
	equals("zero", migfix_zero(region, end, page_size), 0);
	equals("close", migfix_region_close(region), 0);
	munmap(shared, PAGES * page_size);
	munmap(private, PAGES * page_size);
	close(fd);
}

/* The run is handled by whoever takes the memory, and its error is theirs. */
static void test_error_of_a_run(char *mem)
{
	void *memory;

	memset(mem, 42, PAGES * page_size);
	check_call("mprotect", !mprotect(mem, PAGES * page_size, PROT_READ));
	equals("open", migfix_region_open(&region, mem, PAGES * page_size, NULL), 0);
	equals("zero of read-only memory", migfix_zero(region, 0, 1), -EACCES);
	equals("zero later", migfix_zero_later(region, 0, page_size), 0);
	equals("memory", migfix_memory(region, &memory), -EACCES);
	equals("zero later", migfix_zero_later(region, 0, page_size), 0);
	equals("zero later", migfix_zero_later(region, 0, page_size), 0);
	equals("is zero", migfix_is_zero(region, 0, page_size), -EACCES);
	equals("zero later", migfix_zero_later(region, 0, page_size), 0);
	equals("populate", migfix_populate_read(region, 0, page_size, NULL, NULL), -EACCES);
	equals("zero later", migfix_zero_later(region, 0, page_size), 0);
	equals("close", migfix_region_close(region), -EACCES);
	check_call("mprotect", !mprotect(mem, PAGES * page_size, PROT_READ | PROT_WRITE));
	equals("bytes changed", (long long)(PAGES * page_size - not_zero(mem)), 0);
}

/* This thread owns the userfaultfd: a touch of what is missing would never return. */
static void test_missing_pages(int fd)
{
	struct migfix_options options = with_fd(fd, 0);
	int uffd = uffd_open(UFFD_FEATURE_MISSING_SHMEM);
	char *mem = fd < 0 ? map_anon(PAGES)
			   : mmap(NULL, PAGES * page_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
				  0);

	check_call("mmap", mem != MAP_FAILED);
	uffd_register(uffd, mem, PAGES, UFFDIO_REGISTER_MODE_MISSING);
	options.flags = MIGFIX_MUST_BE_PRESENT;
	equals("open", migfix_region_open(&region, mem, PAGES * page_size, &options), 0);
	equals("must be present, and missing", migfix_zero(region, 0, page_size), -EBUSY);
	equals("a part of it", migfix_zero(region, 1024, 1024), -EBUSY);
	equals("gathered", migfix_zero_later(region, 0, page_size), 0);
	equals("flushed", migfix_flush(region), -EBUSY);
	uffd_zeropage(uffd, mem, 1);
	equals("once it is placed", migfix_zero(region, 0, page_size), 0);
	equals("and the next", migfix_zero(region, 0, 2 * page_size), -EBUSY);
	equals("need not be present", migfix_region_set_flags(region, 0, MIGFIX_MUST_BE_PRESENT),
	       0);
	equals("a hole that stays", migfix_zero(region, 0, 2 * page_size), 0);
	equals("close", migfix_region_close(region), 0);
	munmap(mem, PAGES * page_size);
	close(uffd);
}

/* The memory of a child is another, and what the library knows is of the parent's. */
static void test_forked_region(char *mem)
{
	int status;
	pid_t pid;

	equals("open", migfix_region_open(&region, mem, PAGES * page_size, NULL), 0);
	fflush(stdout);
	pid = fork();
	check_call("fork", pid >= 0);
	if (!pid) {
		failed = 0;
		test_no_region("the parent's");
		fflush(stdout);
		_exit(failed != 0);
	}
	check_call("waitpid", waitpid(pid, &status, 0) == pid);
	equals("status of the child", status, 0);
	equals("close", migfix_region_close(region), 0);
}

/* Calls that are refused change nothing. */
static void test_open_region(char *mem)
{
	uint64_t len = PAGES * page_size - 100;
	size_t beyond = 0;

	memset(mem, 42, PAGES * page_size);
	equals("open", migfix_region_open(&region, mem, len, NULL), 0);
	test_out_of_range(len);
	test_nothing(len);
	test_populate();
	test_nulls();
	test_flags();
	equals("bytes changed", (long long)(PAGES * page_size - not_zero(mem)), 0);
	equals("all of it", migfix_zero(region, 0, len), 0);
	for (size_t i = len; i < PAGES * page_size; i++)
		beyond += mem[i] != 42;
	equals("bytes changed beyond the end", (long long)beyond, 0);
	equals("close", migfix_region_close(region), 0);
#ifndef __SANITIZE_ADDRESS__ /* which finds it first */
	test_no_region("closed");
	equals("close again", migfix_region_close(region), -EINVAL);
#endif
	region = NULL;
	test_no_region("none");
}

int main(void)
{
	char *mem = map_anon(PAGES);
	int parts[3];

	equals("numbers of the version",
	       sscanf(migfix_version(), "%d.%d.%d", &parts[0], &parts[1], &parts[2]), 3);
	test_ranges_of_open(mem);
	test_options(mem);
	test_contradictions(mem);
	test_fds(mem);
	test_open_region(mem);
	test_forked_region(mem);
	test_several_mappings();
	test_unprivileged();
	test_confined();
	test_no_proc();
	test_short_file();
	test_missing_pages(-1);
	test_missing_pages(route_memfd(PAGES));
	test_forgotten_flush(mem);
	test_error_of_a_run(mem);
	return verdict();
}
