// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Any bytes as a migration stream, out of a pipe and as a file that can be sought. What the sink is
 * asked to do has to lie in a block that was declared; what is declared beyond 256 KiB is refused
 * as memory that is not there. libFuzzer calls it; main.c does where there is none.
 */
#include "stream_bytes.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static struct sunk sunk = {.most = 256 << 10, .page_size = 1024, .keep = true};

static void read_as(const uint8_t *data, size_t len, bool seekable)
{
	struct bytes bytes = {.data = data, .len = len};
	struct stream_source source = {.read = bytes__read, .opaque = &bytes, .seekable = seekable};
	struct stream_sink sink = sunk__sink(&sunk);
	struct stream_error error = {.text = ""};
	struct stream_info info;
	int err = stream__read(&source, &sink, &info, &error);

	/* Whoever fails says why, in the stream. */
	if (err && !error.text[0])
		abort();
	sunk__clear(&sunk);
}

/* The first byte says which, so that both kinds are found in one corpus. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	if (len)
		read_as(data + 1, len - 1, data[0] & 1);
	return 0;
}
