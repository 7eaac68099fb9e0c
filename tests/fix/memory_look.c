// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Says of memory what the kernel says, learned without touching it: its population, from page
 * tables or from the file below it, and its content.
 */
#include "memory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_PAGES 4096 /* of the whole, guards included */

#define PAGEMAP_PRESENT (1ULL << 63)
#define PAGEMAP_SWAPPED (1ULL << 62)
#define PAGEMAP_SHARED  (1ULL << 61) /* of a file, or shared anonymous */
#define PAGEMAP_FRAME   ((1ULL << 55) - 1)

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
	if (!memory_has_own_pages(memory)) {
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

size_t memory_count(const struct memory *memory)
{
	uint64_t entries[MAX_PAGES];
	size_t count = 0;
	struct stat st;

	if (!memory_has_own_pages(memory)) {
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
	if (memory_has_own_pages(memory))
		return;
	memory->observer = mmap(NULL, memory->size, PROT_READ, MAP_SHARED, memory->fd, 0);
	check_call("mmap", memory->observer != MAP_FAILED);
}

const uint8_t *memory_peek(const struct memory *memory, uint64_t off)
{
	const char *from = memory_has_own_pages(memory) ? memory->map : memory->observer;

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

	if (!memory_has_own_pages(memory)) {
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
