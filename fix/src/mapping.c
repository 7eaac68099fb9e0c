// SPDX-License-Identifier: LGPL-2.1-or-later
/* Reads what /proc/self/maps or smaps says of a range of our address space. Knows nothing of
 * regions. */
#include "mapping.h"

#include "migfix.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>

struct vma {
	uint64_t start, end, offset, inode, page_kb, resident_kb;
	dev_t dev;
	char perms[5];
	bool is_shmem, hugetlb, device;
	uint32_t flags;
};

/* Reads the first line of a mapping: "7f…-7f… rw-s 00000000 00:01 1043 /memfd:ram (deleted)". The
 * lines after it, some twenty a mapping in smaps, begin with an upper-case letter: testing that
 * letter first is cheap. */
static bool read_head(const char *line, struct vma *vma)
{
	unsigned int major_id, minor_id;
	int path = 0;

	if (line[0] >= 'A' && line[0] <= 'Z')
		return false;
	if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %4s %" SCNx64 " %x:%x %" SCNu64 " %n",
		   &vma->start, &vma->end, vma->perms, &vma->offset, &major_id, &minor_id,
		   &vma->inode, &path) != 7)
		return false;
	vma->dev = makedev(major_id, minor_id);
	vma->is_shmem = !strncmp(line + path, "/dev/zero", 9) ||
			!strncmp(line + path, "/memfd:", 7) || !strncmp(line + path, "/SYSV", 5);
	return true;
}

static void read_vm_flags(const char *names, struct vma *vma)
{
	static const struct {
		char name[3];
		uint32_t flag;
	} known[] = {{"lo", MIGFIX_LOCKED},
		     {"um", MIGFIX_USERFAULTFD},
		     {"uw", MIGFIX_USERFAULTFD},
		     {"ui", MIGFIX_USERFAULTFD}};

	for (const char *name = names; name[0] && name[1]; name += name[2] ? 3 : 2) {
		vma->hugetlb |= !strncmp(name, "ht", 2);
		vma->device |= !strncmp(name, "io", 2) || !strncmp(name, "pf", 2);
		for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
			if (!strncmp(name, known[i].name, 2))
				vma->flags |= known[i].flag;
		}
	}
}

/* Reads one line of smaps that follows the first line of a mapping. Returns true for VmFlags, which
 * is the last line. */
static bool read_field(const char *line, struct vma *vma)
{
	uint64_t kb;

	if (sscanf(line, "Rss: %" SCNu64, &kb) == 1 || sscanf(line, "Swap: %" SCNu64, &kb) == 1 ||
	    sscanf(line, "Private_Hugetlb: %" SCNu64, &kb) == 1)
		vma->resident_kb += kb;
	else if (sscanf(line, "KernelPageSize: %" SCNu64, &kb) == 1)
		vma->page_kb = kb;
	else if (!strncmp(line, "VmFlags: ", 9)) {
		read_vm_flags(line + 9, vma);
		return true;
	}
	return false;
}

static bool is_alike(const struct mfx_mapping *mapping, const struct vma *vma, uint64_t start)
{
	return mapping->shared == (vma->perms[3] == 's') && mapping->dev == vma->dev &&
	       mapping->inode == vma->inode && mapping->hugetlb == vma->hugetlb &&
	       mapping->page_size == vma->page_kb * 1024 &&
	       (!vma->inode || vma->offset - mapping->offset == vma->start - start);
}

static int add_vma(struct mfx_mapping *mapping, const struct vma *vma, uint64_t start)
{
	if (vma->perms[0] != 'r')
		return -EACCES;
	if (!mapping->end) {
		mapping->start = vma->start;
		mapping->end = vma->end;
		mapping->shared = vma->perms[3] == 's';
		mapping->hugetlb = vma->hugetlb;
		mapping->is_shmem = vma->is_shmem;
		mapping->dev = vma->dev;
		mapping->inode = vma->inode;
		mapping->offset = vma->offset + (start - vma->start);
		mapping->page_size = vma->page_kb * 1024;
	} else {
		mapping->odd |= !is_alike(mapping, vma, start);
	}
	mapping->odd |= vma->device;
	mapping->flags |= vma->flags | (vma->perms[1] == 'w' ? 0 : MIGFIX_READ_ONLY);
	mapping->resident += vma->resident_kb * 1024;
	return 0;
}

/* In maps one line is all there is of a mapping; in smaps ("with_fields") the mapping is complete
 * after its VmFlags line. */
static int read_range(const char *path, bool with_fields, struct mfx_mapping *mapping,
		      uint64_t start, uint64_t end)
{
	FILE *file = fopen(path, "re");
	struct vma vma = {0};
	uint64_t covered = start;
	char *line = NULL;
	size_t size = 0;
	int err = 0;

	if (!file)
		return -ENOENT;
	memset(mapping, 0, sizeof(*mapping));
	while (!err && covered < end && getline(&line, &size, file) > 0) {
		struct vma head = {0};
		bool is_head = read_head(line, &head);

		if (is_head)
			vma = head;
		if (vma.end <= covered)
			continue;
		if (is_head && vma.start > covered)
			break;
		if (is_head ? with_fields : !read_field(line, &vma))
			continue;
		err = add_vma(mapping, &vma, start);
		covered = vma.end;
	}
	if (!err && covered < end)
		err = -ENOMEM;
	free(line);
	fclose(file);
	return err;
}

int mfx_mapping_read_maps(struct mfx_mapping *mapping, uint64_t start, uint64_t end)
{
	return read_range("/proc/self/maps", false, mapping, start, end);
}

int mfx_mapping_read(struct mfx_mapping *mapping, uint64_t start, uint64_t end)
{
	return read_range("/proc/self/smaps", true, mapping, start, end);
}
