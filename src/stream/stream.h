/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads the RAM of a QEMU migration stream: precopy as it is sent over a network, a background
 * snapshot, or a mapped-ram file, each of them also in a libvirt save file. It must not know where
 * the stream comes from, nor what memory its pages go to.
 */
#ifndef MIGPOP_STREAM_STREAM_H
#define MIGPOP_STREAM_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Where the bytes come from. */
struct stream_source {
	/* Reads at most "len" bytes at "off". Unless the source is seekable, "off" is always where
	 * the last read ended. Returns how many bytes it read, 0 at the end, or a negative errno.
	 * */
	ssize_t (*read)(void *opaque, void *buffer, size_t len, uint64_t off);
	/* Sends all of the buffer to the sender of the stream. Returns 0 or a negative errno. NULL:
	 * nobody listens. */
	int (*reply)(void *opaque, const void *buffer, size_t len);
	void *opaque;
	bool seekable;
};

/*
 * Where the pages go. Each function returns 0, or a negative errno, which ends the reading. Blocks
 * are numbered from 0 in the order of their declaration. A range lies within its block, and is
 * whole target pages.
 */
struct stream_sink {
	int (*block)(void *opaque, unsigned int index, const char *name, uint64_t length);
	int (*zero)(void *opaque, unsigned int index, uint64_t off, uint64_t len);
	/* Stores the address of a range in *memory, with its current content: an XBZRLE page is a
	 * difference to it. When written() is called, the new content is complete. */
	int (*write)(void *opaque, unsigned int index, uint64_t off, uint64_t len, void **memory);
	int (*written)(void *opaque);
	void *opaque;
};

/* What was read, up to the error if there was one. */
struct stream_info {
	uint64_t begin;     /* where the stream itself begins: after the header of libvirt */
	bool save_file;     /* the stream is in a libvirt save file */
	char machine[64];   /* empty if the stream does not say */
	uint32_t page_size; /* of the target, in bytes */
	bool mapped_ram;
	bool snapshot; /* a background snapshot: each page came once, and the section of RAM did not
			  end */
	bool ignore_shared; /* shared blocks are declared, but their pages were not sent */
	bool return_path; /* after it has sent everything, the source waits for stream__goodbye() */
	uint64_t zero_pages, payload_pages; /* target pages; an XBZRLE page is a payload page */
	uint64_t xbzrle_pages;
	uint64_t sections; /* sections of RAM */
	uint64_t multifd_syncs;
	uint64_t bytes; /* bytes read from the source */
};

struct stream_error {
	uint64_t offset; /* where the fault begins in the stream */
	char text[512];  /* one line, without the offset; names in it come from outside */
};

/*
 * Reads until RAM is complete; the section after it is not touched. Returns 0, or a negative errno
 * with *error filled in: -EINVAL: not a stream of QEMU, or damaged; -ENODATA: the stream ends too
 * early; -ENOTSUP: not supported; or what source or sink returned. Uses a buffer of fixed size, and
 * some memory for each block.
 */
int stream__read(const struct stream_source *source, const struct stream_sink *sink,
		 struct stream_info *info, struct stream_error *error);

/* Tells the source that nothing went wrong. The source then ends the connection, so this must not
 * be sent before the source has sent what follows RAM. Returns 0 or a negative errno. */
int stream__goodbye(const struct stream_source *source);

/* The page size of a target that does not say so, and sends too little to tell. */
#define STREAM_PAGE_USUAL 4096
#define STREAM_BLOCKS_MAX 1024
#define STREAM_NAME_MAX   256 /* bytes of a block's name, with the terminating 0 */

#endif
