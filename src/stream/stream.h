/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads the RAM of a QEMU migration stream: precopy as it goes over a wire, a background snapshot,
 * or a mapped-ram file; each also as libvirt saves it.
 * It must not know where the stream comes from, nor what memory its pages go to.
 */
#ifndef MIGPOP_STREAM_STREAM_H
#define MIGPOP_STREAM_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Where the bytes come from. */
struct stream_source {
	/* At most "len" bytes at "off", which only rises by what was read unless "seekable": how
	 * many, 0 at the end, or a negative errno. */
	ssize_t (*read)(void *opaque, void *buffer, size_t len, uint64_t off);
	/* To whoever sends the stream, all of it: 0 or a negative errno. NULL: nobody listens. */
	int (*reply)(void *opaque, const void *buffer, size_t len);
	void *opaque;
	bool seekable;
};

/*
 * Where the pages go. Each returns 0 or a negative errno, which ends the reading. Blocks are
 * numbered from 0 as they are declared; ranges lie within their block, whole target pages.
 */
struct stream_sink {
	int (*block)(void *opaque, unsigned int index, const char *name, uint64_t length);
	int (*zero)(void *opaque, unsigned int index, uint64_t off, uint64_t len);
	/* The memory of a range, with its current content, which an XBZRLE page is the difference
	 * to; what is written there is complete at written(). */
	int (*write)(void *opaque, unsigned int index, uint64_t off, uint64_t len, void **memory);
	int (*written)(void *opaque);
	void *opaque;
};

/* What was read, also as far as it went before an error. */
struct stream_info {
	uint64_t begin;     /* offset of the stream's own first byte: after libvirt's header */
	bool save_file;     /* of libvirt */
	char machine[64];   /* empty where the stream does not say */
	uint32_t page_size; /* of the target */
	bool mapped_ram;
	bool snapshot;      /* in the background: pages came once, and their section never ended */
	bool ignore_shared; /* shared blocks are declared, and their pages stayed where they are */
	bool return_path;   /* the source waits for stream__goodbye() when it has sent all */
	uint64_t zero_pages, payload_pages; /* target pages; XBZRLE ones are payload */
	uint64_t xbzrle_pages;
	uint64_t sections; /* of RAM */
	uint64_t multifd_syncs;
	uint64_t bytes; /* read of the stream */
};

struct stream_error {
	uint64_t offset; /* of the stream, where what is wrong begins */
	char text[512];  /* one line, without the offset; names in it come from outside */
};

/*
 * Reads until RAM is complete: the first section after it is not touched. 0, or a negative errno
 * and *error: -EINVAL for what is no stream of QEMU's, or damaged; -ENODATA where it ends too
 * early; -ENOTSUP for what is not supported; and what source and sink returned. It uses a
 * buffer of one size, and some memory for each block.
 */
int stream__read(const struct stream_source *source, const struct stream_sink *sink,
		 struct stream_info *info, struct stream_error *error);

/* Tells the source that nothing went wrong. It ends the connection then, so that it may not come
 * before the source has sent what follows RAM. 0 or a negative errno. */
int stream__goodbye(const struct stream_source *source);

#define STREAM_PAGE_USUAL                                                                          \
	4096 /* of a target that does not say so, and sends too little to tell                     \
	      */
#define STREAM_BLOCKS_MAX 1024
#define STREAM_NAME_MAX   256 /* bytes of a block's name, with the terminating 0 */

#endif
