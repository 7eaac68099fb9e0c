// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Makes memory of each kind in each state: which states a kind can be in, its file, its mappings,
 * its first content.
 */
#include "memory.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/memfd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "memory_state.h"
#include "random.h"

#define GIB (1UL << 30)

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

bool memory_has_own_pages(const struct memory *memory)
{
	return memory->kind == MEMORY_ANON || memory->kind == MEMORY_HUGETLB_ANON ||
	       memory_is_private(memory);
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
	flags |= memory_has_own_pages(memory) ? MAP_PRIVATE : MAP_SHARED;
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

static void second_mapping(struct memory *memory)
{
	memory->writable = mmap(NULL, memory->size, PROT_READ | PROT_WRITE, MAP_SHARED, memory->fd,
				0);
	check_call("mmap", memory->writable != MAP_FAILED);
}

void memory_make(struct memory *memory, enum memory_kind kind, enum memory_state state,
		 uint64_t seed)
{
	bool shared;

	*memory = (struct memory){.kind = kind, .state = state, .uffd = -1};
	if (state == STATE_THP && kind != MEMORY_ANON && !setting_set(SHMEM_ENABLED, "advise"))
		skip("cannot set " SHMEM_ENABLED);
	shared = !memory_has_own_pages(memory);
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
	memory_enter_state(memory);
}

bool memory_free(struct memory *memory)
{
	bool kept = memory_leave_state(memory);

	if (memory->observer)
		munmap(memory->observer, memory->size);
	if (memory->writable != memory->map)
		munmap(memory->writable, memory->size);
	munmap(memory->map, memory->size);
	if (memory->fd >= 0)
		close(memory->fd);
	/* Who says then what is wrong may free it again. */
	*memory = (struct memory){.fd = -1, .uffd = -1};
	return kept;
}
