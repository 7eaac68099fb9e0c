// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Keeps a table of QEMU's RAM blocks. This is why the answer of a block's file holds for the memory
 * at that address at this moment:
 *
 * QEMU announces each RAM block after it was mapped (ram_block_add()) and before it is unmapped:
 * qemu_ram_free() calls the notifiers, waits for an RCU grace period, unmaps the memory, and only
 * then closes the file (reclaim_ramblock()). A block is in our table between these two
 * notifications. So:
 *
 * - A block that is found was mapped when it was looked up, and its file was open. Whoever calls
 *   buffer_is_zero(memory) keeps the memory mapped until the call returns, because the function
 *   reads it. As long as the memory is mapped its file is not closed, and the number of the fd is
 *   not reused. This holds for every thread, with or without RCU: the caller's own guarantee is
 *   enough.
 * - Memory at an address that once belonged to a block (unplugged, then used by malloc() or mapped
 *   for something else) is not found: the block left the table before its memory was unmapped.
 *   Whoever has the new memory has it from an mmap() that came later, and so sees the table without
 *   the block.
 * - A reader never uses half of a change: the table has a sequence number that is odd during a
 *   change, and a reader that saw the number change reports "not found".
 *
 * If a block is not found the memory is read, as QEMU does. Nothing is kept beyond one call.
 */
#include <errno.h>
#include <pthread.h>
#include <unistd.h>

#include "blocks.h"
#include "examine.h"
#include "say.h"
#include "stats.h"

/* Smaller blocks are ROMs and display memory: they are not worth a line on stderr. */
enum { TOLD_FROM = 1 << 20 };

static struct {
	atomic_uint sequence;
	pthread_mutex_t writers;
	_Atomic size_t count; /* slots that are in use, or were */
	struct {
		_Atomic uintptr_t begin, end; /* both 0: the slot is free */
		_Atomic uint64_t offset;
		_Atomic int fd;
		_Atomic bool shared;
	} slots[BLOCKS_MAX];
} table = {.writers = PTHREAD_MUTEX_INITIALIZER};

struct blocks_bounds blocks_bounds;
static const struct qemu *qemu;
static void (*forget)(const void *memory, size_t length);
static int pagemap = -1;
static atomic_int owner;

static void change_begins(void)
{
	pthread_mutex_lock(&table.writers);
	atomic_fetch_add_explicit(&table.sequence, 1, memory_order_relaxed);
	atomic_thread_fence(memory_order_release);
}

static void change_ends(void)
{
	uintptr_t lowest = UINTPTR_MAX, highest = 0;

	for (size_t i = 0; i < table.count; i++) {
		if (!table.slots[i].end)
			continue;
		lowest = table.slots[i].begin < lowest ? table.slots[i].begin : lowest;
		highest = table.slots[i].end > highest ? table.slots[i].end : highest;
	}
	blocks_bounds.lowest = highest ? lowest : 0;
	blocks_bounds.highest = highest;
	atomic_fetch_add_explicit(&table.sequence, 1, memory_order_release);
	pthread_mutex_unlock(&table.writers);
}

/* Returns false if the table is full. */
static bool insert(const struct block *block)
{
	bool fits;
	size_t i = 0;

	change_begins();
	while (i < table.count && table.slots[i].end)
		i++;
	fits = i < BLOCKS_MAX;
	if (fits) {
		table.slots[i].begin = block->begin;
		table.slots[i].end = block->end;
		table.slots[i].offset = block->offset;
		table.slots[i].fd = block->fd;
		table.slots[i].shared = block->shared;
		if (i == table.count)
			table.count = i + 1;
	}
	change_ends();
	return fits;
}

static void remove_overlapping(uintptr_t begin, uintptr_t end)
{
	change_begins();
	for (size_t i = 0; i < table.count; i++) {
		if (table.slots[i].begin < end && begin < table.slots[i].end)
			table.slots[i].begin = table.slots[i].end = 0;
	}
	change_ends();
}

static void tell(size_t size, struct examined examined)
{
	if (examined.why && examined.suffers && size >= TOLD_FROM)
		say("libmigfix: a RAM block of %zu MiB is always read: %s", size >> 20,
		    examined.why);
	stats_block(size, examined.why);
}

static void added(struct ram_block_notifier *n, void *host, size_t size, size_t max_size)
{
	struct examined examined;
	int error = errno;
	struct block block;

	(void)n;
	(void)size;
	atomic_store(&owner, getpid());
	remove_overlapping((uintptr_t)host, (uintptr_t)host + max_size);
	examined = examine_block(qemu, host, max_size, &pagemap, &block);
	if (!examined.why && !insert(&block))
		examined = (struct examined){"there are too many of them", true};
	tell(max_size, examined);
	errno = error;
}

static void removed(struct ram_block_notifier *n, void *host, size_t size, size_t max_size)
{
	(void)n;
	(void)size;
	remove_overlapping((uintptr_t)host, (uintptr_t)host + max_size);
	forget(host, max_size);
}

void blocks_init(const struct qemu *found, void (*when_removed)(const void *, size_t))
{
	static struct ram_block_notifier notifier = {.added = added, .removed = removed};

	qemu = found;
	forget = when_removed;
	qemu->ram_block_notifier_add(&notifier);
}

int blocks_owner(void)
{
	return atomic_load(&owner);
}

#define READ(member) atomic_load_explicit(&table.slots[i].member, memory_order_relaxed)

static struct block slot(size_t i)
{
	return (struct block){.begin = READ(begin),
			      .end = READ(end),
			      .offset = READ(offset),
			      .fd = READ(fd),
			      .shared = READ(shared)};
}

void blocks_each(void (*visit)(const struct block *block))
{
	pthread_mutex_lock(&table.writers);
	for (size_t i = 0; i < table.count; i++) {
		struct block block = slot(i);

		if (block.end)
			visit(&block);
	}
	pthread_mutex_unlock(&table.writers);
}

bool blocks_find(const void *memory, size_t length, struct block *block)
{
	uintptr_t address = (uintptr_t)memory;
	unsigned int before = atomic_load_explicit(&table.sequence, memory_order_acquire);
	size_t count = atomic_load_explicit(&table.count, memory_order_relaxed);

	for (size_t i = 0; i < count; i++) {
		uintptr_t end = READ(end);

		if (address < READ(begin) || address >= end || length > end - address)
			continue;
		*block = slot(i);
		atomic_thread_fence(memory_order_acquire);
		return !(before & 1) &&
		       atomic_load_explicit(&table.sequence, memory_order_relaxed) == before;
	}
	return false;
}

#define PAGEMAP_POPULATED (UINT64_C(3) << 62) /* bits 63 and 62: present, or swapped out */

/* True if the process has private copies of any of these pages, or if that cannot be told: a
 * private copy hides the content of the file. */
static bool is_copied(const void *memory, size_t length)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE), count = length / page;
	uint64_t entries[16];
	ssize_t size = (ssize_t)(count * sizeof(*entries));

	if (count > sizeof(entries) / sizeof(*entries) ||
	    pread(pagemap, entries, (size_t)size, (off_t)((uintptr_t)memory / page * 8)) != size)
		return true;
	for (size_t i = 0; i < count; i++) {
		if (entries[i] & PAGEMAP_POPULATED)
			return true;
	}
	return false;
}

bool blocks_is_hole(const struct block *block, const void *memory, size_t length)
{
	off_t at = (off_t)(block->offset + ((uintptr_t)memory - block->begin)), data;
	int error = errno;
	bool hole;

	/* The page table is asked before the file: where there is no private copy yet, the content
	 * of the memory is the content of the file. */
	hole = block->shared || !is_copied(memory, length);
	if (hole) {
		data = lseek(block->fd, at, SEEK_DATA);
		hole = data < 0 ? errno == ENXIO : data >= at + (off_t)length;
	}
	errno = error;
	return hole;
}
