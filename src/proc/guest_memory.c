// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Reads the memory of a guest. Shared memory is read from its file: SEEK_DATA skips holes, and
 * read() of a hole allocates nothing, on tmpfs as on hugetlbfs. Private memory is read page by page
 * where pagemap shows a page, and from the file below, if any, where it does not.
 */
#include "proc/guest_memory.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "proc/maps.h"

#define PAGE_PRESENT (1ULL << 63)
#define PAGE_SWAPPED (1ULL << 62)

/* Leaves the mapping at "address" in m->now. Returns 0 or a negative errno. */
static int find_mapping(struct maps *m, pid_t pid, uint64_t address)
{
	int err = maps__open(m, pid, "maps", &maps_budget);

	if (!err) {
		err = -EFAULT;
		while (err && maps__next(m))
			if (m->now.start <= address && address < m->now.end)
				err = 0;
	}
	maps__close(m);
	if (err && m->err)
		return m->err;
	return err && m->cut ? -E2BIG : err;
}

int guest_memory__open_file(pid_t pid, dev_t dev, ino_t inode)
{
	char path[64];
	struct dirent *entry;
	int fd = -ENOENT, dir;
	DIR *fds;

	snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
	fds = opendir(path);
	if (!fds)
		return -errno;
	dir = dirfd(fds);
	while (fd < 0 && (entry = readdir(fds))) {
		struct stat st;

		if (fstatat(dir, entry->d_name, &st, 0) || st.st_ino != inode || st.st_dev != dev)
			continue;
		fd = openat(dir, entry->d_name, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			fd = -errno;
	}
	closedir(fds);
	return fd;
}

int guest_memory__open_proc(pid_t pid, const char *name)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

int guest_memory__open(struct guest_memory *m, pid_t pid, uint64_t address, uint64_t length)
{
	const struct maps_line *mapping;
	struct maps maps;
	int err;

	*m = (struct guest_memory){
		.address = address, .length = length, .file = -1, .mem = -1, .pagemap = -1};
	err = find_mapping(&maps, pid, address);
	if (err)
		return err;
	mapping = &maps.now;
	m->shared = mapping->perms[3] == 's';
	if (mapping->inode) {
		m->file = guest_memory__open_file(pid, makedev(mapping->major, mapping->minor),
						  mapping->inode);
		m->file_offset = mapping->offset + (address - mapping->start);
		if (m->file < 0)
			return m->file;
	}
	if (m->shared)
		return m->file < 0 ? -ENOENT : 0;
	m->mem = guest_memory__open_proc(pid, "mem");
	m->pagemap = guest_memory__open_proc(pid, "pagemap");
	return m->mem < 0 ? m->mem : m->pagemap < 0 ? m->pagemap : 0;
}

void guest_memory__close(struct guest_memory *m)
{
	const int fds[] = {m->file, m->mem, m->pagemap};

	for (size_t i = 0; i < sizeof(fds) / sizeof(*fds); i++)
		if (fds[i] >= 0)
			close(fds[i]);
	m->file = m->mem = m->pagemap = -1;
}

void guest_memory__rewind(struct guest_memory *m)
{
	m->next_data = 0;
}

static int read_all(int fd, void *buffer, size_t len, uint64_t at)
{
	size_t done = 0;

	while (done < len) {
		ssize_t n = pread(fd, (char *)buffer + done, len - done, (off_t)(at + done));

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n ? -errno : -EIO;
		done += (size_t)n;
	}
	return 0;
}

/* True if [at, at + len) of the file has data. A file that cannot tell holes counts as all data. */
static bool file_has_data(struct guest_memory *m, uint64_t at, size_t len)
{
	if (m->next_data < at) {
		off_t next = lseek(m->file, (off_t)at, SEEK_DATA);

		m->next_data = next >= 0 ? (uint64_t)next : errno == ENXIO ? UINT64_MAX : at;
	}
	return m->next_data < at + len;
}

/* Reads private memory: a page of the process where it has one, else the page of the file. */
static int read_private(struct guest_memory *m, uint64_t off, char *buffer, size_t len, bool *any)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE), n = len / page;
	uint64_t entries[512];
	int err = 0;

	*any = m->file >= 0 && file_has_data(m, m->file_offset + off, len);
	if (*any)
		err = read_all(m->file, buffer, len, m->file_offset + off);
	for (size_t i = 0; i < n && !err; i++) {
		size_t at = i % 512, rest = n - i < 512 ? n - i : 512;

		if (!at)
			err = read_all(m->pagemap, entries, rest * sizeof(*entries),
				       ((m->address + off) / page + i) * sizeof(*entries));
		if (err || !(entries[at] & (PAGE_PRESENT | PAGE_SWAPPED)))
			continue;
		if (!*any)
			memset(buffer, 0, len);
		*any = true;
		err = read_all(m->mem, buffer + i * page, page, m->address + off + i * page);
	}
	return err;
}

int guest_memory__read(struct guest_memory *m, uint64_t off, void *buffer, size_t len, bool *any)
{
	if (!m->shared)
		return read_private(m, off, buffer, len, any);
	*any = file_has_data(m, m->file_offset + off, len);
	return *any ? read_all(m->file, buffer, len, m->file_offset + off) : 0;
}
