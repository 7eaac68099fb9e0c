/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reading a stream that was made byte by byte, in whatever pieces it comes: what arrives, what is
 * answered, and where and how the reader says that something is wrong.
 */
#ifndef TESTS_STREAM_READING_H
#define TESTS_STREAM_READING_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "stream_bytes.h"
#include "stream_made.h"

static struct made made;
static struct sunk sunk = {.most = 64 << 20, .keep = true};
static struct stream_info info;
static struct stream_error error;
static uint8_t replies[256];
static size_t nr_replies;

static inline int keep_reply(void *opaque, const void *buffer, size_t len)
{
	(void)opaque;
	assert_true(nr_replies + len <= sizeof(replies));
	memcpy(replies + nr_replies, buffer, len);
	nr_replies += len;
	return 0;
}

static inline int read_from(struct bytes *bytes, bool seekable)
{
	struct stream_source source = {
		.read = bytes__read, .reply = keep_reply, .opaque = bytes, .seekable = seekable};
	struct stream_sink sink = sunk__sink(&sunk);

	sunk__clear(&sunk);
	nr_replies = 0;
	memset(&error, 0, sizeof(error));
	return stream__read(&source, &sink, &info, &error);
}

/* The first @len bytes of what was made, in pieces of @at_once; 0: in one. */
static inline int read_some(size_t len, size_t at_once)
{
	return read_from(&(struct bytes){.data = made.data, .len = len, .at_once = at_once}, false);
}

/* The same of a file, which can be read at any place. */
static inline int read_file(size_t len)
{
	return read_from(&(struct bytes){.data = made.data, .len = len}, true);
}

/* In whatever pieces it comes, and not if it is cut off at byte @first or behind it. */
static inline void assert_reads_from(size_t first)
{
	for (size_t len = first; len < made.len; len++) {
		assert_int_equal(read_some(len, 0), -ENODATA);
		assert_int_equal(error.offset, len);
	}
	assert_int_equal(read_some(made.len, 1), 0);
	assert_int_equal(read_some(made.len, 0), 0);
}

static inline void assert_reads(void)
{
	assert_reads_from(0);
}

static inline void assert_fails(int err, uint64_t offset, const char *words)
{
	for (size_t at_once = 0; at_once < 2; at_once++) {
		assert_int_equal(read_some(made.len, at_once), err);
		assert_int_equal(error.offset, offset);
		if (!strstr(error.text, words))
			fail_msg("\"%s\" is not in \"%s\"", words, error.text);
	}
}

#endif
