// SPDX-License-Identifier: LGPL-2.1-or-later
/* Finds out what backs the memory of a region, and how to ask which pages are populated. In doubt
 * the kernel is not asked, and nothing is given back. */
#include "detect.h"

#include "mapping.h"
#include "pagemap.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/magic.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

/* The kinds of files whose holes can be asked for. SEEK_DATA succeeds on other files too, but its
 * answer means nothing there. */
enum file_kind { FILE_OTHER, FILE_TMPFS, FILE_HUGETLBFS };

static enum file_kind kind_of(int fd)
{
	struct statfs fs;
	struct stat file;

	if (fd < 0 || fstat(fd, &file) || !S_ISREG(file.st_mode) || fstatfs(fd, &fs))
		return FILE_OTHER;
	if (fs.f_type == TMPFS_MAGIC)
		return FILE_TMPFS;
	/* f_type is a signed long: on 32 bits HUGETLBFS_MAGIC reads as a negative number. */
	return (uint32_t)fs.f_type == HUGETLBFS_MAGIC ? FILE_HUGETLBFS : FILE_OTHER;
}

/* On overlayfs and btrfs a mapping shows other device and inode numbers than fstat(). Map the fd
 * here, and compare the numbers of the two mappings. */
static bool maps_alike(int fd, const struct mfx_mapping *mapping)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	void *memory = mmap(NULL, page, PROT_READ, MAP_PRIVATE, fd, 0);
	uint64_t start = (uintptr_t)memory;
	struct mfx_mapping own;
	bool alike;

	if (memory == MAP_FAILED)
		return false;
	alike = !mfx_mapping_read_maps(&own, start, start + page) && own.dev == mapping->dev &&
		own.inode == mapping->inode;
	munmap(memory, page);
	return alike;
}

static int match_fd(const struct mfx_mapping *mapping, const struct migfix_options *options)
{
	struct stat file;

	if (fstat(options->fd, &file) || !mapping->inode)
		return -EBADF;
	if ((file.st_ino != mapping->inode || file.st_dev != mapping->dev) &&
	    !maps_alike(options->fd, mapping))
		return -EBADF;
	return options->fd_offset == mapping->offset ? 0 : -EINVAL;
}

/* Opens the file of a mapping whose fd is not known, which needs CAP_CHECKPOINT_RESTORE; -1 if it
 * cannot be had. A device is never opened, because opening one may have an effect. */
static int open_mapped(const struct mfx_mapping *mapping)
{
	char path[80];
	struct stat file;

	snprintf(path, sizeof(path), "/proc/self/map_files/%" PRIx64 "-%" PRIx64, mapping->start,
		 mapping->end);
	if (!mapping->inode || stat(path, &file) || !S_ISREG(file.st_mode))
		return -1;
	return open(path, O_RDONLY | O_CLOEXEC);
}

/* If smaps was not read ("confined"), nothing tells huge pages and device memory apart from other
 * memory, but a file on tmpfs is neither. */
static enum migfix_backing backing_of(const struct mfx_mapping *mapping, enum file_kind kind,
				      bool confined)
{
	if (mapping->odd || (confined && (!mapping->shared || kind != FILE_TMPFS)))
		return MIGFIX_BACKING_UNKNOWN;
	if (mapping->hugetlb)
		return MIGFIX_BACKING_HUGETLB;
	if (!mapping->shared)
		return mapping->inode ? MIGFIX_BACKING_FILE_PRIVATE : MIGFIX_BACKING_ANON;
	if (kind == FILE_TMPFS)
		return MIGFIX_BACKING_SHMEM;
	return mapping->is_shmem ? MIGFIX_BACKING_ANON_SHARED : MIGFIX_BACKING_FILE;
}

/* The caller may claim less than what was found (UNKNOWN, or shmem without a file), but not a
 * different backing. */
static int settle(struct migfix_region *region, enum migfix_backing found, enum migfix_backing told)
{
	bool told_shmem = told == MIGFIX_BACKING_SHMEM || told == MIGFIX_BACKING_ANON_SHARED;

	region->backing = found;
	if (told == MIGFIX_BACKING_UNKNOWN)
		region->backing = told;
	else if (found == MIGFIX_BACKING_FILE && region->fd < 0 && told_shmem)
		region->backing = MIGFIX_BACKING_UNKNOWN; /* a tmpfs file that cannot be opened */
	else if (told == MIGFIX_BACKING_DETECT || told == found || found == MIGFIX_BACKING_UNKNOWN)
		return 0;
	else if (!told_shmem ||
		 (found != MIGFIX_BACKING_SHMEM && found != MIGFIX_BACKING_ANON_SHARED))
		return -EINVAL;
	return 0;
}

/* Private memory is asked for through the page table first: a page that the page table lacks has
 * the content of the file below. */
static void choose_ask(struct migfix_region *region, bool shared, enum file_kind kind)
{
	bool anon = region->backing == MIGFIX_BACKING_ANON;
	bool by_file = kind != FILE_OTHER && (region->backing == MIGFIX_BACKING_FILE_PRIVATE ||
					      region->backing == MIGFIX_BACKING_HUGETLB);

	region->ask = MFX_ASK_NOBODY;
	if (region->backing == MIGFIX_BACKING_SHMEM)
		region->ask = MFX_ASK_SEEK;
	if (!anon && !by_file)
		return;
	if (!mfx_pagemap_open(region))
		region->ask = anon ? MFX_ASK_PAGEMAP : MFX_ASK_PREAD;
	else if (anon)
		region->backing = MIGFIX_BACKING_UNKNOWN;
	else if (shared)
		region->ask = MFX_ASK_PREAD;
}

static void find_seals(struct migfix_region *region)
{
	int seals = fcntl(region->fd, F_GET_SEALS);

	if (seals >= 0 && seals & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE))
		atomic_fetch_or(&region->flags, MIGFIX_SEALED);
}

int mfx_detect(struct migfix_region *region, const struct migfix_options *options,
	       uint64_t *resident)
{
	uint64_t start = (uintptr_t)region->memory, end = start + region->len;
	bool confined = options->flags & MIGFIX_CONFINED;
	struct mfx_mapping mapping;
	enum file_kind kind;
	int err = confined ? mfx_mapping_read_maps(&mapping, start, end)
			   : mfx_mapping_read(&mapping, start, end);

	*resident = 0;
	if (err == -ENOENT) {
		region->backing = MIGFIX_BACKING_UNKNOWN;
		return 0;
	}
	if (!err && options->fd >= 0)
		err = match_fd(&mapping, options);
	if (err)
		return err;
	region->fd = options->fd;
	if (region->fd < 0 && !confined) {
		region->fd = open_mapped(&mapping);
		region->fd_is_ours = region->fd >= 0;
	}
	region->fd_offset = mapping.offset;
	kind = kind_of(region->fd);
	err = settle(region, backing_of(&mapping, kind, confined), options->backing);
	if (err)
		return err;
	if (region->backing != MIGFIX_BACKING_UNKNOWN && !confined)
		region->page_size = mapping.page_size;
	choose_ask(region, mapping.shared, kind);
	atomic_fetch_or(&region->flags, mapping.flags);
	if (region->backing == MIGFIX_BACKING_SHMEM)
		find_seals(region);
	*resident = mapping.resident;
	return 0;
}
