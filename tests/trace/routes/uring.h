/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The least of io_uring that the routes need, by its system calls: a ring, one request at a time.
 * The library would have to be on every machine that the routes run on.
 */
#ifndef URING_H
#define URING_H

#include <errno.h>
#include <linux/io_uring.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "route.h"

struct uring {
	int fd;
	char *rings;
	struct io_uring_sqe *sqes;
	struct io_uring_params params;
};

static inline struct uring uring_open(void)
{
	struct uring ring = {0};
	size_t size;

	ring.fd = (int)syscall(SYS_io_uring_setup, 4, &ring.params);
	if (ring.fd < 0)
		skip("io_uring: %s", strerror(errno));
	if (!(ring.params.features & IORING_FEAT_SINGLE_MMAP))
		skip("io_uring of before Linux 5.4");
	size = ring.params.cq_off.cqes + ring.params.cq_entries * sizeof(struct io_uring_cqe);
	if (size < ring.params.sq_off.array + ring.params.sq_entries * sizeof(uint32_t))
		size = ring.params.sq_off.array + ring.params.sq_entries * sizeof(uint32_t);
	ring.rings = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, ring.fd,
			  IORING_OFF_SQ_RING);
	check_call("mmap of the rings", ring.rings != MAP_FAILED);
	ring.sqes = mmap(NULL, ring.params.sq_entries * sizeof(*ring.sqes), PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_POPULATE, ring.fd, IORING_OFF_SQES);
	check_call("mmap of the requests", ring.sqes != MAP_FAILED);
	return ring;
}

/* Submits one request, waits for it and returns its result. */
static inline long uring_run(struct uring *ring, const struct io_uring_sqe *sqe)
{
	const struct io_sqring_offsets *sq = &ring->params.sq_off;
	const struct io_cqring_offsets *cq = &ring->params.cq_off;
	uint32_t *sq_tail = (uint32_t *)(ring->rings + sq->tail);
	uint32_t *cq_head = (uint32_t *)(ring->rings + cq->head);
	uint32_t *cq_tail = (uint32_t *)(ring->rings + cq->tail);
	uint32_t slot = *sq_tail & (ring->params.sq_entries - 1);
	struct io_uring_cqe *cqes = (struct io_uring_cqe *)(ring->rings + cq->cqes);
	long result;

	ring->sqes[slot] = *sqe;
	((uint32_t *)(ring->rings + sq->array))[slot] = slot;
	__atomic_store_n(sq_tail, *sq_tail + 1, __ATOMIC_RELEASE);
	check_equal("io_uring_enter",
		    syscall(SYS_io_uring_enter, ring->fd, 1, 1, IORING_ENTER_GETEVENTS, NULL, 0),
		    1);
	if (__atomic_load_n(cq_tail, __ATOMIC_ACQUIRE) == *cq_head)
		fail("io_uring_enter returned without a completion");
	result = cqes[*cq_head & (ring->params.cq_entries - 1)].res;
	__atomic_store_n(cq_head, *cq_head + 1, __ATOMIC_RELEASE);
	return result;
}

#endif
