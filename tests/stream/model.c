// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * model FILE: what loading the stream in FILE comes to, page by page, as JSON: how many pages it
 * holds at its end, how many ever, and how many are left alone. It asks no memory.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "stream/open.h"
#include "stream_bytes.h"

static struct sunk sunk = {.most = UINT64_C(1) << 40};

int main(int argc, char **argv)
{
	struct stream_sink sink = sunk__sink(&sunk);
	uint64_t pages = 0, last = 0, ever = 0, untouched = 0;
	struct stream_error error;
	struct stream_info info;
	struct stream_file file;

	if (argc != 2 || stream_file__open(&file, argv[1])) {
		fputs("usage: model FILE\n", stderr);
		return 2;
	}
	if (stream__read(&file.source, &sink, &info, &error)) {
		fprintf(stderr, "model: offset %" PRIu64 ": %s\n", error.offset, error.text);
		return 1;
	}
	for (unsigned int i = 0; i < sunk.nr_blocks; i++) {
		const struct sunk_block *b = &sunk.blocks[i];

		for (uint64_t page = 0; page < b->length / sunk__page(&sunk); page++) {
			pages++;
			last += b->states[page] == PAGE_PAYLOAD;
			ever += b->was_payload[page];
			untouched += b->states[page] == PAGE_UNTOUCHED;
		}
	}
	printf("{\"pages\": %" PRIu64 ", \"payload_at_end\": %" PRIu64
	       ", \"payload_ever\": %" PRIu64 ", \"untouched\": %" PRIu64 "}\n",
	       pages, last, ever, untouched);
	sunk__clear(&sunk);
	stream_file__close(&file);
	return 0;
}
