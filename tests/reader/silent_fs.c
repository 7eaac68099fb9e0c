// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * silent_fs DIRECTORY FILE OPENS open|read: mounts a file system of one file there, with the content
 * and the name of FILE. It answers OPENS opens of the file. Later ones it answers never, as "open"; or
 * it answers them, but none of the reads that follow, as "read". Speaks the protocol of linux/fuse.h
 * over /dev/fuse, and runs until it is killed. Prints "mounted".
 */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <linux/fuse.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

enum { NODE = 2, LARGEST = 1 << 20 };

static int dev, file;
static const char *name;
static struct stat st;
static unsigned long opens, opens_max;
static bool silent_opens;

static void answer(const struct fuse_in_header *in, int error, const void *body, size_t size)
{
	static char buffer[sizeof(struct fuse_out_header) + LARGEST];
	struct fuse_out_header out = {(__u32)(sizeof(out) + size), error, in->unique};

	memcpy(buffer, &out, sizeof(out));
	if (size)
		memcpy(buffer + sizeof(out), body, size);
	if (write(dev, buffer, out.len) < 0 && errno != ENOENT) /* who asked is gone */
		perror("silent_fs: write");
}

static struct fuse_attr attributes(unsigned long node)
{
	struct fuse_attr a = {.ino = node, .mode = S_IFDIR | 0755, .nlink = 1, .blksize = 4096};

	if (node != NODE)
		return a;
	a.mode = S_IFREG | 0755;
	a.size = (__u64)st.st_size;
	a.blocks = (a.size + 511) / 512;
	return a;
}

static void on_lookup(const struct fuse_in_header *in, const char *wanted)
{
	struct fuse_entry_out out = {
		.nodeid = NODE, .entry_valid = 1, .attr_valid = 1, .attr = attributes(NODE)};

	if (in->nodeid == FUSE_ROOT_ID && !strcmp(wanted, name))
		answer(in, 0, &out, sizeof(out));
	else
		answer(in, -ENOENT, NULL, 0);
}

static void on_open(const struct fuse_in_header *in)
{
	struct fuse_open_out out = {.fh = ++opens, .open_flags = FOPEN_KEEP_CACHE};

	if (opens > opens_max && silent_opens)
		return;
	/* Reads that go by the page cache do not ask. */
	if (opens > opens_max)
		out.open_flags = FOPEN_DIRECT_IO;
	answer(in, 0, &out, sizeof(out));
}

static void on_read(const struct fuse_in_header *in, const struct fuse_read_in *read)
{
	static char buffer[LARGEST];
	ssize_t n;

	if (read->fh > opens_max)
		return;
	n = pread(file, buffer, read->size < LARGEST ? read->size : LARGEST, (off_t)read->offset);
	answer(in, n < 0 ? -errno : 0, buffer, n < 0 ? 0 : (size_t)n);
}

static void on_request(const struct fuse_in_header *in, const void *body)
{
	struct fuse_init_out init = {.major = FUSE_KERNEL_VERSION,
				     .minor = FUSE_KERNEL_MINOR_VERSION,
				     .max_readahead = LARGEST,
				     .max_write = 4096,
				     .max_pages = LARGEST / 4096,
				     .flags = FUSE_MAX_PAGES};
	struct fuse_attr_out attr = {.attr_valid = 1, .attr = attributes(in->nodeid)};
	struct fuse_open_out opened = {0};
	struct fuse_statfs_out statfs = {.st = {.bsize = 4096, .namelen = 255}};

	switch (in->opcode) {
	case FUSE_INIT:
		answer(in, 0, &init, sizeof(init));
		break;
	case FUSE_LOOKUP:
		on_lookup(in, body);
		break;
	case FUSE_GETATTR:
		answer(in, 0, &attr, sizeof(attr));
		break;
	case FUSE_OPENDIR:
		answer(in, 0, &opened, sizeof(opened));
		break;
	case FUSE_OPEN:
		on_open(in);
		break;
	case FUSE_READ:
		on_read(in, body);
		break;
	case FUSE_STATFS:
		answer(in, 0, &statfs, sizeof(statfs));
		break;
	case FUSE_RELEASE:
	case FUSE_RELEASEDIR:
	case FUSE_FLUSH:
		answer(in, 0, NULL, 0);
		break;
	case FUSE_FORGET:
	case FUSE_BATCH_FORGET:
	case FUSE_INTERRUPT: /* who waits for no answer is not helped */
		break;
	default:
		answer(in, -ENOSYS, NULL, 0);
	}
}

int main(int argc, char **argv)
{
	static _Alignas(8) char request[LARGEST + 4096];
	char options[128];

	if (argc != 5)
		return 2;
	file = open(argv[2], O_RDONLY | O_CLOEXEC);
	dev = open("/dev/fuse", O_RDWR | O_CLOEXEC);
	if (file < 0 || dev < 0 || fstat(file, &st)) {
		perror("silent_fs");
		return 77;
	}
	name = basename(argv[2]);
	opens_max = strtoul(argv[3], NULL, 10);
	silent_opens = !strcmp(argv[4], "open");
	snprintf(options, sizeof(options), "fd=%d,rootmode=40000,user_id=0,group_id=0,allow_other",
		 dev);
	if (mount("silent", argv[1], "fuse", MS_NOSUID | MS_NODEV, options)) {
		perror("silent_fs: mount");
		return 77;
	}
	puts("mounted");
	fflush(stdout);
	for (;;) {
		ssize_t n = read(dev, request, sizeof(request));

		if (n >= (ssize_t)sizeof(struct fuse_in_header))
			on_request((const void *)request, request + sizeof(struct fuse_in_header));
		else if (n < 0 && errno == ENODEV) /* unmounted */
			return 0;
	}
}
