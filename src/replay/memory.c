// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Keeps a region of libmigfix for each RAM block. The time between two readings of the clock is
 * counted for the handler or for payload. A run of zero pages takes two readings, however long it
 * is.
 */
#include "array.h"
#include "clock.h"
#include "replay/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/memfd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "replay/populated.h"

#define HUGE_PAGE   (UINT64_C(2) << 20)
#define PROGRESS_NS UINT64_C(200000000)

/* --- memory --- */

/* Opens a file for the backing, in *fd; -1 if the backing has no file. Returns 0 or -errno. */
static int open_file(enum ram_backing backing, int *fd)
{
	unsigned int flags = MFD_CLOEXEC;

	*fd = -1;
	switch (backing) {
	case BACKING_RAM:
		return 0;
	case BACKING_FILE:
		*fd = open("/dev/shm", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
		break;
	case BACKING_HUGETLB:
		flags |= MFD_HUGETLB | MFD_HUGE_2MB;
		/* fall through */
	default:
		*fd = memfd_create("replay", flags);
	}
	return *fd < 0 ? -errno : 0;
}

static int map_flags(enum ram_backing backing)
{
	switch (backing) {
	case BACKING_RAM:
		return MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
	case BACKING_MEMFD_PRIVATE:
		return MAP_PRIVATE | MAP_NORESERVE;
	default:
		return MAP_SHARED;
	}
}

/* Maps the block with unmapped memory around it: the kernel would merge two adjacent blocks into
 * one mapping, and count them as one. */
static int map_block(struct replay_block *b)
{
	uint64_t length = (b->length + b->page_size - 1) & ~(b->page_size - 1);
	int flags = map_flags(b->backing) | MAP_FIXED;
	void *memory;

	if (length > INT64_MAX - 3 * HUGE_PAGE)
		return -ENOMEM;
	if (b->fd >= 0 && ftruncate(b->fd, (off_t)length))
		return -errno;
	b->reserved_length = length + 3 * HUGE_PAGE;
	b->reserved = mmap(NULL, b->reserved_length, PROT_NONE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (b->reserved == MAP_FAILED) {
		b->reserved = NULL;
		return -errno;
	}
	memory = (void *)(((uintptr_t)b->reserved + 2 * HUGE_PAGE - 1) & ~(HUGE_PAGE - 1));
	memory = mmap(memory, length, PROT_READ | PROT_WRITE, flags, b->fd, 0);
	if (memory == MAP_FAILED)
		return -errno;
	b->memory = memory;
	/* A transparent huge page would populate pages that nobody asked for. */
	if (b->backing != BACKING_HUGETLB)
		madvise(memory, length, MADV_NOHUGEPAGE);
	return 0;
}

static int open_region(const struct replay_setup *setup, struct replay_block *b)
{
	struct migfix_options options = MIGFIX_OPTIONS_INIT;

	options.policy = setup->handler;
	options.flags = setup->track ? MIGFIX_TRACK : 0;
	options.fd = b->fd;
	return migfix_region_open(&b->region, b->memory, b->length, &options);
}

static int make_block(struct replay_memory *m, struct replay_block *b)
{
	int err;

	/* As in QEMU: a block that does not fit into huge pages, such as firmware, is ordinary
	 * memory. */
	b->backing = m->setup.backing;
	if (b->backing == BACKING_HUGETLB && b->length % HUGE_PAGE)
		b->backing = BACKING_RAM;
	b->page_size = b->backing == BACKING_HUGETLB ? HUGE_PAGE : (uint64_t)sysconf(_SC_PAGESIZE);
	if (!b->length)
		return 0;
	err = open_file(b->backing, &b->fd);
	if (!err)
		err = map_block(b);
	if (err && b->backing == BACKING_HUGETLB)
		m->lacks_huge_pages = true;
	return err ? err : open_region(&m->setup, b);
}

/* --- sink --- */

static int sink__block(void *opaque, unsigned int index, const char *name, uint64_t length)
{
	struct replay_memory *m = opaque;
	struct replay_block *blocks;

	(void)index; /* blocks come in order */
	blocks = array__grow(m->blocks, m->nr_blocks, sizeof(*blocks));
	if (!blocks)
		return -ENOMEM;
	m->blocks = blocks;
	blocks += m->nr_blocks++;
	blocks->fd = -1;
	blocks->length = length;
	snprintf(blocks->name, sizeof(blocks->name), "%s", name);
	m->declared += length;
	return make_block(m, blocks);
}

static void say_progress(struct replay_memory *m, uint64_t now)
{
	if (!m->progress || now < m->next_progress_ns)
		return;
	m->next_progress_ns = now + PROGRESS_NS;
	m->progress(m);
}

/* Zeroes page by page, as QEMU does. */
static int zero_pages(const struct replay_block *b, uint64_t off, uint64_t len)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
	int err = 0;

	for (uint64_t done = 0; !err && done < len; done += page)
		err = migfix_zero(b->region, off + done, len - done < page ? len - done : page);
	return err;
}

static int sink__zero(void *opaque, unsigned int index, uint64_t off, uint64_t len)
{
	struct replay_memory *m = opaque;
	const struct replay_block *b = &m->blocks[index];
	uint64_t since = clock__ns(CLOCK_MONOTONIC), now;
	int err = m->setup.batch ? migfix_zero_later(b->region, off, len) : zero_pages(b, off, len);

	now = clock__ns(CLOCK_MONOTONIC);
	m->handler_ns += now - since;
	m->loaded += len;
	say_progress(m, now);
	return err;
}

/* migfix_write() may first handle a gathered run of zero pages, so its time is the handler's. */
static int sink__write(void *opaque, unsigned int index, uint64_t off, uint64_t len, void **memory)
{
	struct replay_memory *m = opaque;
	uint64_t since = clock__ns(CLOCK_MONOTONIC);
	int err = migfix_write(m->blocks[index].region, off, len, memory);

	m->payload_since = clock__ns(CLOCK_MONOTONIC);
	m->handler_ns += m->payload_since - since;
	m->loaded += len;
	return err;
}

static int sink__written(void *opaque)
{
	struct replay_memory *m = opaque;
	uint64_t now = clock__ns(CLOCK_MONOTONIC);

	m->payload_ns += now - m->payload_since;
	say_progress(m, now);
	return 0;
}

struct stream_sink replay_memory__sink(struct replay_memory *m)
{
	return (struct stream_sink){
		.block = sink__block,
		.zero = sink__zero,
		.write = sink__write,
		.written = sink__written,
		.opaque = m,
	};
}

/* --- the end --- */

static void add_stats(struct migfix_stats *to, const struct migfix_stats *from)
{
	to->zero_pages += from->zero_pages;
	to->clean_pages += from->clean_pages;
	to->hole_pages += from->hole_pages;
	to->discarded_pages += from->discarded_pages;
	to->compared_pages += from->compared_pages;
	to->written_pages += from->written_pages;
	to->populated_pages += from->populated_pages;
	to->not_freed_pages += from->not_freed_pages;
	to->runs += from->runs;
}

static int flush_all(struct replay_memory *m)
{
	uint64_t since = clock__ns(CLOCK_MONOTONIC);
	int err = 0;

	for (size_t i = 0; i < m->nr_blocks && !err; i++)
		if (m->blocks[i].region)
			err = migfix_flush(m->blocks[i].region);
	m->handler_ns += clock__ns(CLOCK_MONOTONIC) - since;
	return err;
}

int replay_memory__finish(struct replay_memory *m)
{
	int err = flush_all(m);

	for (size_t i = 0; i < m->nr_blocks && !err; i++) {
		struct replay_block *b = &m->blocks[i];
		struct migfix_stats stats;

		if (!b->region)
			continue;
		err = migfix_region_stats(b->region, &stats, sizeof(stats));
		if (!err) {
			add_stats(&m->handled, &stats);
			err = replay_block__populated(b);
		}
	}
	return err;
}

void replay_memory__free(struct replay_memory *m)
{
	for (size_t i = 0; i < m->nr_blocks; i++) {
		struct replay_block *b = &m->blocks[i];

		migfix_region_close(b->region);
		if (b->reserved)
			munmap(b->reserved, b->reserved_length);
		if (b->fd >= 0)
			close(b->fd);
	}
	free(m->blocks);
	m->blocks = NULL;
	m->nr_blocks = 0;
}
