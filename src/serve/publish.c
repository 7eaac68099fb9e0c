// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * There are two texts in the memory: one is valid, and the writer writes the other one, then says
 * that this one is valid. So there is a valid text even while the writer has been stopped amid its
 * work, and a reader that is slow finds out that its text was overwritten, and reads again.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "clock.h"
#include "serve/publish.h"

struct slot {
	uint64_t len;
	char text[PUBLISH_MAX];
};

struct publication {
	_Atomic uint64_t beat; /* milliseconds, and WATCHES */
	_Atomic uint64_t n;    /* publications so far: slots[n % 2] is valid */
	struct slot slots[2];
};

/* Bit 63 of a time in milliseconds is free. */
#define WATCHES (1ULL << 63)

int publish__open(struct publication **out)
{
	int fd = memfd_create("migpop-metrics", MFD_CLOEXEC | MFD_ALLOW_SEALING), err;
	void *at;

	*out = NULL;
	if (fd < 0)
		return -errno;
	if (ftruncate(fd, sizeof(struct publication)))
		goto failed;
	at = mmap(NULL, sizeof(struct publication), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (at == MAP_FAILED)
		goto failed;
	/* From now on nobody can write by this descriptor: only the mapping that is there can. */
	if (fcntl(fd, F_ADD_SEALS,
		  F_SEAL_FUTURE_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL)) {
		err = -errno;
		munmap(at, sizeof(struct publication));
		close(fd);
		return err;
	}
	*out = at;
	publish__beat(*out, false);
	return fd;

failed:
	err = -errno;
	close(fd);
	return err;
}

void publish__close(struct publication *p)
{
	if (p)
		munmap(p, sizeof(*p));
}

bool publish__text(struct publication *p, const char *text, size_t len)
{
	uint64_t n = atomic_load(&p->n);
	const struct slot *valid = &p->slots[n % 2];
	struct slot *next = &p->slots[(n + 1) % 2];
	bool fits = len <= PUBLISH_MAX;

	if (valid->len == len && !memcmp(valid->text, text, len))
		return true;
	if (!fits) {
		const char *end = memrchr(text, '\n', PUBLISH_MAX);

		len = end ? (size_t)(end - text) + 1 : 0;
	}
	/* Keeps what follows behind the store to p->n that made this slot invalid. */
	atomic_thread_fence(memory_order_release);
	next->len = len;
	memcpy(next->text, text, len);
	atomic_store(&p->n, n + 1);
	return fits;
}

void publish__beat(struct publication *p, bool watches)
{
	atomic_store(&p->beat, clock__ms() | (watches ? WATCHES : 0));
}

int publication__open(const struct publication **out, int fd)
{
	void *at = mmap(NULL, sizeof(struct publication), PROT_READ, MAP_SHARED, fd, 0);

	if (at == MAP_FAILED)
		return -errno;
	*out = at;
	return 0;
}

char *publication__text(const struct publication *p, size_t *len)
{
	for (;;) {
		uint64_t n = atomic_load(&p->n);
		const struct slot *slot = &p->slots[n % 2];
		char *text;

		*len = slot->len < PUBLISH_MAX ? (size_t)slot->len : PUBLISH_MAX;
		text = malloc(*len + 1);
		if (!text)
			return NULL;
		memcpy(text, slot->text, *len);
		text[*len] = '\0';
		atomic_thread_fence(memory_order_acquire);
		/* The slot is written again only after the other one has become valid. */
		if (atomic_load(&p->n) == n)
			return text;
		free(text);
	}
}

uint64_t publication__beat_ms(const struct publication *p, bool *watches)
{
	uint64_t beat = atomic_load(&p->beat);

	*watches = beat & WATCHES;
	return beat & ~WATCHES;
}
