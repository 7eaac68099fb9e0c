// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Computes SHA-256 of RAM blocks. Memory that was never populated is not read: libmigfix is asked
 * about a large piece first, and about single pages only if the piece has data.
 */
#include "replay/memory.h"

#include <errno.h>
#include <nettle/sha2.h>
#include <unistd.h>

_Static_assert(SHA256_DIGEST_SIZE == REPLAY_DIGEST, "the digest fits");

enum { PIECE = 2 << 20, ZEROS = 64 << 10 };

static void update_zeros(struct sha256_ctx *sha, uint64_t len)
{
	static const uint8_t zeros[ZEROS];

	for (; len > ZEROS; len -= ZEROS)
		sha256_update(sha, ZEROS, zeros);
	sha256_update(sha, len, zeros);
}

static int update(struct sha256_ctx *sha, const struct replay_block *b, uint64_t off, uint64_t len,
		  uint64_t step)
{
	int zero = migfix_is_zero(b->region, off, len);

	if (zero < 0)
		return zero;
	if (zero) {
		update_zeros(sha, len);
		return 0;
	}
	if (len <= step) {
		sha256_update(sha, len, b->memory + off);
		return 0;
	}
	for (uint64_t done = 0, n; done < len; done += n) {
		int err;

		n = len - done < step ? len - done : step;
		err = update(sha, b, off + done, n, step);
		if (err)
			return err;
	}
	return 0;
}

static int digest_block(struct replay_block *b)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
	struct sha256_ctx sha;
	int err = 0;

	sha256_init(&sha);
	for (uint64_t off = 0, n; off < b->length && !err; off += n) {
		n = b->length - off < PIECE ? b->length - off : PIECE;
		err = update(&sha, b, off, n, page);
	}
	sha256_digest(&sha, sizeof(b->digest), b->digest);
	return err;
}

int replay_memory__digest(struct replay_memory *m)
{
	int err = 0;

	for (size_t i = 0; i < m->nr_blocks && !err; i++)
		err = digest_block(&m->blocks[i]);
	return err;
}
