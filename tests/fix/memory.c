// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Makes memory of each kind in each state, and says of it what the kernel says: its content and its
 * population, learned without touching it.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/memfd.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../trace/routes/uffd.h"
#include "memory.h"

#define GIB (1UL << 30)

#define PAGEMAP_PRESENT (1ULL << 63)
#define PAGEMAP_SWAPPED (1ULL << 62)
#define PAGEMAP_SHARED  (1ULL << 61) /* of a file, or shared anonymous */
#define PAGEMAP_FRAME   ((1ULL << 55) - 1)

#define MAX_PAGES 4096

#define SHMEM_ENABLED "/sys/kernel/mm/transparent_hugepage/shmem_enabled"

static const char *const kind_names[] = {
	[MEMORY_ANON] = "anon",
	[MEMORY_ANON_SHARED] = "anon-shared",
	[MEMORY_MEMFD] = "memfd",
	[MEMORY_TMPFS] = "tmpfs",
	[MEMORY_FILE] = "file",
	[MEMORY_MEMFD_PRIVATE] = "memfd-private",
	[MEMORY_FILE_PRIVATE] = "file-private",
	[MEMORY_HUGETLB_MEMFD] = "hugetlb-memfd",
	[MEMORY_HUGETLB_ANON] = "hugetlb-anon",
	[MEMORY_HUGETLB_1G] = "hugetlb-1g",
};

static const char *const state_names[] = {
	[STATE_PLAIN] = "plain",
	[STATE_PARTLY] = "partly",
	[STATE_TOUCHED] = "touched",
	[STATE_POPULATED] = "populated",
	[STATE_FALLOCATED] = "fallocated",
	[STATE_LOCKED] = "locked",
	[STATE_PINNED] = "pinned",
	[STATE_UFFD_MISSING] = "uffd-missing",
	[STATE_UFFD_WP] = "uffd-wp",
	[STATE_SEALED] = "sealed",
	[STATE_THP] = "thp",
	[STATE_TWO_MAPPINGS] = "two-mappings",
	[STATE_FORKED] = "forked",
	[STATE_READ_ONLY] = "read-only",
	[STATE_NO_FD] = "no-fd",
};

#define BIT(n) (1U << (n))
#define ANY                                                                                        \
	(BIT(STATE_PLAIN) | BIT(STATE_PARTLY) | BIT(STATE_TOUCHED) | BIT(STATE_PINNED) |           \
	 BIT(STATE_FORKED) | BIT(STATE_READ_ONLY))
#define USERFAULTFD (BIT(STATE_UFFD_MISSING) | BIT(STATE_UFFD_WP))
#define OF_FILE     (BIT(STATE_FALLOCATED) | BIT(STATE_TWO_MAPPINGS) | BIT(STATE_NO_FD))

static const unsigned int possible_states[] = {
	[MEMORY_ANON] = ANY | USERFAULTFD | BIT(STATE_POPULATED) | BIT(STATE_LOCKED) |
			BIT(STATE_THP),
	[MEMORY_ANON_SHARED] = ANY | USERFAULTFD | BIT(STATE_POPULATED) | BIT(STATE_LOCKED) |
			       BIT(STATE_THP),
	[MEMORY_MEMFD] = ANY | USERFAULTFD | OF_FILE | BIT(STATE_POPULATED) | BIT(STATE_LOCKED) |
			 BIT(STATE_THP) | BIT(STATE_SEALED),
	[MEMORY_TMPFS] = ANY | USERFAULTFD | OF_FILE | BIT(STATE_POPULATED) | BIT(STATE_LOCKED) |
			 BIT(STATE_THP),
	[MEMORY_FILE] = ANY | OF_FILE | BIT(STATE_LOCKED),
	[MEMORY_MEMFD_PRIVATE] = ANY | BIT(STATE_POPULATED) | BIT(STATE_LOCKED) |
				 BIT(STATE_SEALED) | BIT(STATE_NO_FD),
	[MEMORY_FILE_PRIVATE] = ANY | BIT(STATE_POPULATED) | BIT(STATE_LOCKED) | BIT(STATE_NO_FD),
	[MEMORY_HUGETLB_MEMFD] = ANY | OF_FILE | BIT(STATE_POPULATED) | BIT(STATE_LOCKED) |
				 BIT(STATE_UFFD_MISSING),
	[MEMORY_HUGETLB_ANON] = ANY | BIT(STATE_POPULATED) | BIT(STATE_LOCKED),
	[MEMORY_HUGETLB_1G] = BIT(STATE_PLAIN) | BIT(STATE_TOUCHED),
};

const char *memory_kind_name(enum memory_kind kind)
{
	return kind_names[kind];
}

const char *memory_state_name(enum memory_state state)
{
	return state_names[state];
}

bool memory_possible(enum memory_kind kind, enum memory_state state)
{
	return possible_states[kind] & BIT(state);
}

bool memory_is_hugetlb(const struct memory *memory)
{
	return memory->kind >= MEMORY_HUGETLB_MEMFD;
}

bool memory_is_shmem(const struct memory *memory)
{
	return memory->kind == MEMORY_ANON_SHARED || memory->kind == MEMORY_MEMFD ||
	       memory->kind == MEMORY_TMPFS;
}

bool memory_is_private(const struct memory *memory)
{
	return memory->kind == MEMORY_MEMFD_PRIVATE || memory->kind == MEMORY_FILE_PRIVATE;
}

uint64_t random_next(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15ULL;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return z ^ (z >> 31);
}

void random_fill(uint64_t *state, void *to, size_t size)
{
	uint8_t *at = to;

	for (; size >= 8; size -= 8, at += 8) {
		uint64_t word = random_next(state);

		memcpy(at, &word, 8);
	}
	if (size) {
		uint64_t word = random_next(state);

		memcpy(at, &word, size);
	}
}

static int pagemap_fd(void)
{
	static int fd = -1;

	if (fd < 0)
		fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	check_call("/proc/self/pagemap", fd >= 0);
	return fd;
}

/* One entry a page of "stride" bytes. */
static void pagemap_read(const void *addr, size_t stride, size_t count, uint64_t *entries)
{
	size_t step = stride == page_size ? count : 1;

	for (size_t i = 0; i < count; i += step) {
		uintptr_t at = (uintptr_t)addr + i * stride;
		ssize_t want = (ssize_t)(step * sizeof(*entries));

		if (pread(pagemap_fd(), entries + i, (size_t)want,
			  (off_t)(at / page_size * sizeof(*entries))) != want)
			fail("cannot read /proc/self/pagemap: %s", strerror(errno));
	}
}

/* The frame that a read of a hole maps, or the first of the huge one. 0: there is none. */
static uint64_t zero_frame(bool huge)
{
	size_t size = huge ? HUGE_SIZE : page_size;
	char *mem = map_anon_aligned(size / page_size, size);
	uint64_t entry;

	check_call("madvise", !madvise(mem, size, huge ? MADV_HUGEPAGE : MADV_NOHUGEPAGE));
	(void)*(volatile char *)mem;
	pagemap_read(mem, page_size, 1, &entry);
	munmap(mem, size);
	if (!(entry & PAGEMAP_PRESENT) || !(entry & PAGEMAP_FRAME))
		skip("/proc/self/pagemap shows no page frames: needs CAP_SYS_ADMIN");
	return entry & PAGEMAP_FRAME;
}

static bool is_zero_frame(uint64_t entry)
{
	static uint64_t zero, huge_zero;
	uint64_t frame = entry & PAGEMAP_FRAME;

	if (!zero) {
		zero = zero_frame(false);
		huge_zero = zero_frame(true);
	}
	return frame == zero || (frame >= huge_zero && frame < huge_zero + HUGE_SIZE / page_size);
}

/* Does a page of a private mapping take memory of its own? */
static bool is_own(uint64_t entry)
{
	if (entry & PAGEMAP_SWAPPED)
		return true;
	return (entry & PAGEMAP_PRESENT) && !(entry & PAGEMAP_SHARED) && !is_zero_frame(entry);
}

static bool has_own_pages(const struct memory *memory)
{
	return memory->kind == MEMORY_ANON || memory->kind == MEMORY_HUGETLB_ANON ||
	       memory_is_private(memory);
}

static void populated_by_file(const struct memory *memory, off_t start, size_t count,
			      uint8_t *populated)
{
	off_t page = (off_t)memory->page, end = start + (off_t)count * page, at = start;

	memset(populated, 0, count);
	while (at < end) {
		off_t data = lseek(memory->fd, at, SEEK_DATA), hole;

		if (data < 0 && errno == ENXIO)
			return;
		check_call("SEEK_DATA", data >= 0);
		if (data >= end)
			return;
		hole = lseek(memory->fd, data, SEEK_HOLE);
		check_call("SEEK_HOLE", hole >= 0);
		for (at = data; at < hole && at < end; at += page)
			populated[(at - start) / page] = 1;
	}
}

/* Of shared huge pages nothing else tells: populated is what either mapping was touched through. */
static void populated_by_tables(const struct memory *memory, size_t first, size_t count,
				uint8_t *populated)
{
	const char *mappings[] = {memory->map, memory->writable};
	uint64_t entries[MAX_PAGES];

	memset(populated, 0, count);
	for (size_t i = 0; i < 2; i++) {
		pagemap_read(mappings[i] + memory->guard + first * memory->page, memory->page,
			     count, entries);
		for (size_t j = 0; j < count; j++)
			populated[j] |= (entries[j] & PAGEMAP_PRESENT) != 0;
	}
}

void memory_populated(const struct memory *memory, size_t first, size_t count, uint8_t *populated)
{
	uint64_t entries[MAX_PAGES];

	if (memory_is_shmem(memory) || memory->kind == MEMORY_FILE) {
		populated_by_file(memory, (off_t)(memory->guard + first * memory->page), count,
				  populated);
		return;
	}
	if (!has_own_pages(memory)) {
		populated_by_tables(memory, first, count, populated);
		return;
	}
	pagemap_read(memory->region + first * memory->page, memory->page, count, entries);
	for (size_t i = 0; i < count; i++)
		populated[i] = is_own(entries[i]);
}

void memory_present(const struct memory *memory, size_t first, size_t count, uint8_t *present)
{
	uint64_t entries[MAX_PAGES];

	pagemap_read(memory->region + first * memory->page, memory->page, count, entries);
	for (size_t i = 0; i < count; i++)
		present[i] = (entries[i] & PAGEMAP_PRESENT) != 0;
}

bool memory_is_counted(const struct memory *memory)
{
	return !has_own_pages(memory);
}

size_t memory_count(const struct memory *memory)
{
	uint64_t entries[MAX_PAGES];
	size_t count = 0;
	struct stat st;

	if (!has_own_pages(memory)) {
		check_call("fstat", !fstat(memory->fd, &st));
		return (size_t)st.st_blocks * 512 / memory->page;
	}
	pagemap_read(memory->map, memory->page, memory->size / memory->page, entries);
	for (size_t i = 0; i < memory->size / memory->page; i++)
		count += is_own(entries[i]);
	return count;
}

void memory_observe(struct memory *memory)
{
	if (has_own_pages(memory))
		return;
	memory->observer = mmap(NULL, memory->size, PROT_READ, MAP_SHARED, memory->fd, 0);
	check_call("mmap", memory->observer != MAP_FAILED);
}

const uint8_t *memory_peek(const struct memory *memory, uint64_t off)
{
	const char *from = has_own_pages(memory) ? memory->map : memory->observer;

	return from ? (const uint8_t *)from + off : NULL;
}

void memory_read_file(const struct memory *memory, uint64_t off, uint64_t len, uint8_t *to)
{
	while (len) {
		ssize_t got = pread(memory->fd, to, len, (off_t)off);

		if (got <= 0)
			fail("pread: %s", got ? strerror(errno) : "end of file");
		off += (uint64_t)got, to += got, len -= (uint64_t)got;
	}
}

void memory_read(const struct memory *memory, uint64_t off, uint64_t len, uint8_t *to)
{
	uint64_t first = off / memory->page * memory->page, entries[MAX_PAGES];

	if (!has_own_pages(memory)) {
		memory_read_file(memory, off, len, to);
		return;
	}
	pagemap_read(memory->map + first, memory->page,
		     (off + len - first + memory->page - 1) / memory->page, entries);
	for (size_t i = 0; len; i++) {
		uint64_t part = first + (i + 1) * memory->page - off;

		if (part > len)
			part = len;
		if (is_own(entries[i]))
			memcpy(to, memory->map + off, part);
		else if (memory_is_private(memory))
			memory_read_file(memory, off, part, to);
		else
			memset(to, 0, part);
		off += part, to += part, len -= part;
	}
}

int memory_reopen(const void *addr)
{
	FILE *maps = fopen("/proc/self/maps", "re");
	char line[4096], path[128];
	int fd = -1;

	check_call("/proc/self/maps", maps != NULL);
	while (fgets(line, sizeof(line), maps)) {
		unsigned long start, end;

		if (sscanf(line, "%lx-%lx", &start, &end) != 2 || (uintptr_t)addr < start ||
		    (uintptr_t)addr >= end)
			continue;
		snprintf(path, sizeof(path), "/proc/self/map_files/%lx-%lx", start, end);
		fd = open(path, O_RDWR | O_CLOEXEC);
		break;
	}
	fclose(maps);
	if (fd < 0)
		skip("cannot open the file behind shared anonymous memory: %s", strerror(errno));
	return fd;
}

static int file_in(const char *dir, bool tmpfs)
{
	char path[256];
	int fd;

	snprintf(path, sizeof(path), "%s/migfix.XXXXXX", dir);
	fd = mkostemp(path, O_CLOEXEC);
	check_call(path, fd >= 0);
	unlink(path);
	if (is_tmpfs(fd) != tmpfs)
		skip("%s is %sa tmpfs", dir, tmpfs ? "not " : "");
	return fd;
}

static int make_fd(enum memory_kind kind)
{
	int fd = -1;

	switch (kind) {
	case MEMORY_MEMFD:
	case MEMORY_MEMFD_PRIVATE:
		fd = memfd_create("migfix", MFD_CLOEXEC | MFD_ALLOW_SEALING);
		break;
	case MEMORY_HUGETLB_MEMFD:
		fd = memfd_create("migfix", MFD_CLOEXEC | MFD_HUGETLB | MFD_HUGE_2MB);
		break;
	case MEMORY_HUGETLB_1G:
		fd = memfd_create("migfix", MFD_CLOEXEC | MFD_HUGETLB | MFD_HUGE_1GB);
		break;
	case MEMORY_TMPFS:
		return file_in("/dev/shm", true);
	case MEMORY_FILE:
	case MEMORY_FILE_PRIVATE:
		return file_in("/var/tmp", false);
	default:
		return -1;
	}
	check_call("memfd_create", fd >= 0);
	return fd;
}

/* Small, since most steps look at all of it; now and then of more pages than a word has bits. */
static void set_sizes(struct memory *memory, uint64_t *seed)
{
	memory->page = page_size;
	memory->pages = random_below(seed, 8) ? 16 + random_below(seed, 24)
					      : 65 + random_below(seed, 64);
	if (memory_is_hugetlb(memory)) {
		memory->page = memory->kind == MEMORY_HUGETLB_1G ? GIB : HUGE_SIZE;
		memory->pages = memory->kind == MEMORY_HUGETLB_1G ? 1 : 3;
	}
	memory->guard = memory->kind == MEMORY_HUGETLB_1G ? 0 : memory->page;
	if (memory->state == STATE_THP) {
		memory->pages = 2 * HUGE_SIZE / page_size;
		memory->guard = HUGE_SIZE;
	}
	memory->size = 2 * memory->guard + memory->pages * memory->page;
}

size_t memory_huge_pages(enum memory_kind kind)
{
	if (kind < MEMORY_HUGETLB_MEMFD)
		return 0;
	/* Twice: a child gets copies of its own. */
	return kind == MEMORY_HUGETLB_1G ? 1 : 2 * 5;
}

/* Room that is aligned also for transparent huge pages, where the offset in the file is. */
static char *map_whole(const struct memory *memory)
{
	size_t align = memory->page > HUGE_SIZE ? memory->page : HUGE_SIZE;
	int flags = memory->fd < 0 ? MAP_ANONYMOUS : 0;
	char *room = map_anon_aligned((memory->size + align) / page_size, align);

	if (memory->kind == MEMORY_HUGETLB_ANON)
		flags |= MAP_HUGETLB;
	flags |= has_own_pages(memory) ? MAP_PRIVATE : MAP_SHARED;
	room = mmap(room, memory->size, PROT_READ | PROT_WRITE, flags | MAP_FIXED, memory->fd, 0);
	check_call("mmap", room != MAP_FAILED);
	return room;
}

static void fill_file(const struct memory *memory, uint64_t *seed)
{
	uint8_t buffer[4096];

	/* Holes in it too; a private mapping shows content that is not its own. */
	for (size_t off = 0; off < memory->size; off += page_size) {
		bool guard = off < memory->guard ||
			     off >= memory->guard + memory->pages * memory->page;

		if (!guard && random_below(seed, 2))
			continue;
		random_fill(seed, buffer, sizeof(buffer));
		check_call("pwrite", pwrite(memory->fd, buffer, sizeof(buffer), (off_t)off) ==
					     (ssize_t)sizeof(buffer));
	}
}

static void fill(const struct memory *memory, uint64_t *seed)
{
	char *region = memory->writable + memory->guard;
	bool all = memory->state == STATE_TOUCHED;
	bool some = memory->state == STATE_PARTLY || memory->state == STATE_FORKED ||
		    memory->state == STATE_READ_ONLY;

	/* The pages beside the region. */
	if (memory->guard) {
		random_fill(seed, region - page_size, page_size);
		random_fill(seed, region + memory->pages * memory->page, page_size);
	}
	for (size_t i = 0; i < memory->pages; i++) {
		char *page = region + i * memory->page;

		/* Populated is not the same as not zero. */
		if (all || (some && !random_below(seed, 3)))
			*(volatile char *)page = 0;
		if ((all && random_below(seed, 2)) || (some && !random_below(seed, 3)))
			random_fill(seed, page, page_size);
	}
}

static void *uffd_serve(void *arg)
{
	struct memory *memory = arg;
	struct pollfd polled[2] = {{.fd = memory->uffd, .events = POLLIN},
				   {.fd = memory->uffd_stop[0], .events = POLLIN}};
	void *zeros = mmap(NULL, memory->page, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct uffd_msg msg;

	while (poll(polled, 2, -1) > 0 && !polled[1].revents) {
		struct uffdio_copy copy = {.src = (uintptr_t)zeros, .len = memory->page};
		struct uffdio_writeprotect unprotect = {.range = {.len = memory->page}};
		uint64_t page;

		if (read(memory->uffd, &msg, sizeof(msg)) != sizeof(msg) ||
		    msg.event != UFFD_EVENT_PAGEFAULT)
			continue;
		page = msg.arg.pagefault.address & ~((uint64_t)memory->page - 1);
		copy.dst = unprotect.range.start = page;
		/* EEXIST: another thread's fault was served already. */
		if (msg.arg.pagefault.flags & UFFD_PAGEFAULT_FLAG_WP)
			ioctl(memory->uffd, UFFDIO_WRITEPROTECT, &unprotect);
		else
			ioctl(memory->uffd, UFFDIO_COPY, &copy);
	}
	munmap(zeros, memory->page);
	return NULL;
}

static void watch(struct memory *memory)
{
	bool wp = memory->state == STATE_UFFD_WP;
	size_t len = memory->pages * memory->page;
	struct uffdio_writeprotect protect = {
		.range = {.start = (uintptr_t)memory->region, .len = len},
		.mode = UFFDIO_WRITEPROTECT_MODE_WP,
	};

	memory->uffd = uffd_open(wp ? UFFD_FEATURE_PAGEFAULT_FLAG_WP |
						 UFFD_FEATURE_WP_HUGETLBFS_SHMEM
				    : UFFD_FEATURE_MISSING_SHMEM | UFFD_FEATURE_MISSING_HUGETLBFS);
	/* It can be polled only so. */
	check_call("O_NONBLOCK", !fcntl(memory->uffd, F_SETFL, O_NONBLOCK));
	uffd_register(memory->uffd, memory->region, len / page_size,
		      wp ? UFFDIO_REGISTER_MODE_WP : UFFDIO_REGISTER_MODE_MISSING);
	if (wp)
		check_call("UFFDIO_WRITEPROTECT",
			   !ioctl(memory->uffd, UFFDIO_WRITEPROTECT, &protect));
	check_call("pipe", !pipe2(memory->uffd_stop, O_CLOEXEC));
	errno = pthread_create(&memory->uffd_thread, NULL, uffd_serve, memory);
	check_call("pthread_create", !errno);
}

static uint64_t hash(const struct memory *memory)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < memory->size; i += 8) {
		uint64_t word;

		memcpy(&word, memory->map + i, 8);
		sum = (sum ^ word) * 0x100000001b3ULL;
	}
	return sum;
}

/* The child lives until its pipe ends; it reads only what is its own. */
static void fork_child(struct memory *memory)
{
	char byte;

	check_call("pipe", !pipe2(memory->child_pipe, O_CLOEXEC));
	fflush(stdout);
	memory->child = fork();
	check_call("fork", memory->child >= 0);
	if (!memory->child) {
		uint64_t sum = has_own_pages(memory) ? hash(memory) : 0;

		close(memory->child_pipe[1]);
		while (read(memory->child_pipe[0], &byte, 1) > 0)
			;
		_exit(has_own_pages(memory) && hash(memory) != sum);
	}
	close(memory->child_pipe[0]);
}

static void second_mapping(struct memory *memory)
{
	memory->writable = mmap(NULL, memory->size, PROT_READ | PROT_WRITE, MAP_SHARED, memory->fd,
				0);
	check_call("mmap", memory->writable != MAP_FAILED);
}

static void enter_state(struct memory *memory)
{
	size_t len = memory->pages * memory->page;

	switch (memory->state) {
	case STATE_POPULATED:
		check_call("MADV_POPULATE_WRITE",
			   !madvise(memory->region, len, MADV_POPULATE_WRITE));
		break;
	case STATE_FALLOCATED:
		check_call("fallocate",
			   !fallocate(memory->fd, 0, (off_t)memory->guard, (off_t)len));
		break;
	case STATE_LOCKED:
		check_call("mlock2", !mlock2(memory->region, len, MLOCK_ONFAULT));
		break;
	case STATE_UFFD_MISSING:
	case STATE_UFFD_WP:
		watch(memory);
		break;
	case STATE_SEALED:
		/* Of a private mapping nothing else needs to write to the file. */
		check_call("F_ADD_SEALS",
			   !fcntl(memory->fd, F_ADD_SEALS,
				  memory_is_private(memory) ? F_SEAL_WRITE : F_SEAL_FUTURE_WRITE));
		break;
	case STATE_READ_ONLY:
		check_call("mprotect", !mprotect(memory->region, len, PROT_READ));
		break;
	case STATE_FORKED:
		fork_child(memory);
		break;
	default:
		break;
	}
}

void memory_make(struct memory *memory, enum memory_kind kind, enum memory_state state,
		 uint64_t seed)
{
	bool shared;

	*memory = (struct memory){.kind = kind, .state = state, .uffd = -1};
	if (state == STATE_THP && kind != MEMORY_ANON && !setting_set(SHMEM_ENABLED, "advise"))
		skip("cannot set " SHMEM_ENABLED);
	shared = !has_own_pages(memory);
	set_sizes(memory, &seed);
	memory->fd = make_fd(kind);
	memory->fd_told = memory->fd >= 0 && state != STATE_NO_FD;
	if (memory->fd >= 0)
		check_call("ftruncate", !ftruncate(memory->fd, (off_t)memory->size));
	if (memory_is_private(memory))
		fill_file(memory, &seed);
	memory->map = memory->writable = map_whole(memory);
	memory->region = memory->map + memory->guard;
	if (shared && memory->fd < 0)
		memory->fd = memory_reopen(memory->map);
	if (shared && (state == STATE_TWO_MAPPINGS || state == STATE_READ_ONLY))
		second_mapping(memory);
	if (state == STATE_THP)
		check_call("MADV_HUGEPAGE",
			   !madvise(memory->region, memory->pages * page_size, MADV_HUGEPAGE));
	fill(memory, &seed);
	enter_state(memory);
}

bool memory_free(struct memory *memory)
{
	int status = 0;

	if (memory->uffd >= 0) {
		close(memory->uffd_stop[1]);
		pthread_join(memory->uffd_thread, NULL);
		close(memory->uffd_stop[0]);
		close(memory->uffd);
	}
	if (memory->child) {
		close(memory->child_pipe[1]);
		check_call("waitpid", waitpid(memory->child, &status, 0) == memory->child);
	}
	if (memory->observer)
		munmap(memory->observer, memory->size);
	if (memory->writable != memory->map)
		munmap(memory->writable, memory->size);
	munmap(memory->map, memory->size);
	if (memory->fd >= 0)
		close(memory->fd);
	/* Who says then what is wrong may free it again. */
	*memory = (struct memory){.fd = -1, .uffd = -1};
	return !status;
}
