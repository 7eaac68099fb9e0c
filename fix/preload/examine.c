// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Decides whether the file of a RAM block can be asked. QEMU says which file a block is of; the
 * kernel says which file is mapped, and from which offset. Both are needed, because QEMU does not
 * tell the offset in the file.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include "examine.h"
#include "mapping.h"

#define XFS_MAGIC 0x58465342 /* XFS_SUPER_MAGIC in the kernel's fs/xfs/libxfs/xfs_format.h */

static const char *file_system(long type)
{
	switch ((unsigned long)type) {
	case EXT4_SUPER_MAGIC:
		return "a file on ext4";
	case XFS_MAGIC:
		return "a file on xfs";
	case BTRFS_SUPER_MAGIC:
		return "a file on btrfs";
	case OVERLAYFS_SUPER_MAGIC:
		return "a file on overlayfs";
	case NFS_SUPER_MAGIC:
		return "a file on NFS";
	case HUGETLBFS_MAGIC:
		return "huge pages";
	default:
		return "a file on no tmpfs";
	}
}

/* SEEK_DATA tells of pages only on tmpfs; on other file systems it may tell of disk blocks, or of
 * nothing. */
static const char *examine_file(int fd, uint64_t size, const struct mfx_mapping *mapping)
{
	struct statfs fs;
	struct stat st;

	if (fstat(fd, &st) || !S_ISREG(st.st_mode) || fstatfs(fd, &fs))
		return "no regular file";
	if (fs.f_type != TMPFS_MAGIC)
		return file_system(fs.f_type);
	if (st.st_dev != mapping->dev || st.st_ino != mapping->inode)
		return "another file is mapped than QEMU says";
	return (uint64_t)st.st_size < mapping->offset + size ? "its file is shorter" : NULL;
}

static const char *examine_mapping(struct block *block, const struct mfx_mapping *mapping, int err)
{
	if (err)
		return err == -ENOENT ? "/proc/self/maps cannot be read" : "not mapped as a whole";
	if (mapping->odd)
		return "mapped in pieces of several kinds";
	if (mapping->shared != block->shared)
		return "mapped otherwise than QEMU says";
	return examine_file(block->fd, block->end - block->begin, mapping);
}

struct examined examine_block(const struct qemu *qemu, void *host, size_t size, int *pagemap,
			      struct block *block)
{
	struct mfx_mapping mapping;
	struct ram_block *ram;
	uint64_t offset;
	const char *why;
	int err;

	ram = qemu->ram_block_from_host(host, false, &offset);
	if (!ram || offset)
		return (struct examined){"QEMU does not know it by its address", true};
	*block = (struct block){.begin = (uintptr_t)host,
				.end = (uintptr_t)host + size,
				.fd = qemu->ram_get_fd(ram),
				.shared = qemu->ram_is_shared(ram)};
	if (qemu->ram_pagesize(ram) != (size_t)sysconf(_SC_PAGESIZE))
		return (struct examined){"huge pages", true};
	if (block->fd < 0)
		return block->shared ? (struct examined){"shared memory without a descriptor", true}
				     : (struct examined){"anonymous memory", false};
	err = mfx_mapping_read_maps(&mapping, block->begin, block->end);
	why = examine_mapping(block, &mapping, err);
	/* QEMU forks before it allocates memory, so this is the pagemap of the process that has the
	 * memory, even if QEMU daemonizes. */
	if (!why && !block->shared && *pagemap < 0)
		*pagemap = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	if (!why && !block->shared && *pagemap < 0)
		why = "private memory, and /proc/self/pagemap cannot be opened";
	block->offset = why ? 0 : mapping.offset;
	return (struct examined){why, true};
}
