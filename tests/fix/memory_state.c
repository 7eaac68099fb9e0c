// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Brings memory into a state other than what mapping and writing make of it, and out of it again:
 * populated, locked, sealed, protected, watched by userfaultfd, shared with a child.
 */
#include "memory_state.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../trace/routes/uffd.h"

static void *uffd_serve(void *arg)
{
	struct memory *memory = arg;
	struct pollfd polled[2] = {{.fd = memory->uffd, .events = POLLIN},
				   {.fd = memory->uffd_stop[0], .events = POLLIN}};
	void *zeros = mmap(NULL, memory->page, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct uffd_msg msg;

	while (poll(polled, 2, -1) > 0 && !polled[1].revents) {
		struct uffdio_copy copy = {.src = (uintptr_t)zeros, .len = memory->page};
		struct uffdio_writeprotect unprotect = {.range = {.len = memory->page}};
		uint64_t page;

		if (read(memory->uffd, &msg, sizeof(msg)) != sizeof(msg) ||
		    msg.event != UFFD_EVENT_PAGEFAULT)
			continue;
		page = msg.arg.pagefault.address & ~((uint64_t)memory->page - 1);
		copy.dst = unprotect.range.start = page;
		/* EEXIST: another thread's fault was served already. */
		if (msg.arg.pagefault.flags & UFFD_PAGEFAULT_FLAG_WP)
			ioctl(memory->uffd, UFFDIO_WRITEPROTECT, &unprotect);
		else
			ioctl(memory->uffd, UFFDIO_COPY, &copy);
	}
	munmap(zeros, memory->page);
	return NULL;
}

static void watch(struct memory *memory)
{
	bool wp = memory->state == STATE_UFFD_WP;
	size_t len = memory->pages * memory->page;
	struct uffdio_writeprotect protect = {
		.range = {.start = (uintptr_t)memory->region, .len = len},
		.mode = UFFDIO_WRITEPROTECT_MODE_WP,
	};

	memory->uffd = uffd_open(wp ? UFFD_FEATURE_PAGEFAULT_FLAG_WP |
						 UFFD_FEATURE_WP_HUGETLBFS_SHMEM
				    : UFFD_FEATURE_MISSING_SHMEM | UFFD_FEATURE_MISSING_HUGETLBFS);
	/* It can be polled only so. */
	check_call("O_NONBLOCK", !fcntl(memory->uffd, F_SETFL, O_NONBLOCK));
	uffd_register(memory->uffd, memory->region, len / page_size,
		      wp ? UFFDIO_REGISTER_MODE_WP : UFFDIO_REGISTER_MODE_MISSING);
	if (wp)
		check_call("UFFDIO_WRITEPROTECT",
			   !ioctl(memory->uffd, UFFDIO_WRITEPROTECT, &protect));
	check_call("pipe", !pipe2(memory->uffd_stop, O_CLOEXEC));
	errno = pthread_create(&memory->uffd_thread, NULL, uffd_serve, memory);
	check_call("pthread_create", !errno);
}

static uint64_t hash(const struct memory *memory)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < memory->size; i += 8) {
		uint64_t word;

		memcpy(&word, memory->map + i, 8);
		sum = (sum ^ word) * 0x100000001b3ULL;
	}
	return sum;
}

/* The child lives until its pipe ends; it reads only what is its own. */
static void fork_child(struct memory *memory)
{
	char byte;

	check_call("pipe", !pipe2(memory->child_pipe, O_CLOEXEC));
	fflush(stdout);
	memory->child = fork();
	check_call("fork", memory->child >= 0);
	if (!memory->child) {
		uint64_t sum = memory_has_own_pages(memory) ? hash(memory) : 0;

		close(memory->child_pipe[1]);
		while (read(memory->child_pipe[0], &byte, 1) > 0)
			;
		_exit(memory_has_own_pages(memory) && hash(memory) != sum);
	}
	close(memory->child_pipe[0]);
}

void memory_enter_state(struct memory *memory)
{
	size_t len = memory->pages * memory->page;

	switch (memory->state) {
	case STATE_POPULATED:
		check_call("MADV_POPULATE_WRITE",
			   !madvise(memory->region, len, MADV_POPULATE_WRITE));
		break;
	case STATE_FALLOCATED:
		check_call("fallocate",
			   !fallocate(memory->fd, 0, (off_t)memory->guard, (off_t)len));
		break;
	case STATE_LOCKED:
		check_call("mlock2", !mlock2(memory->region, len, MLOCK_ONFAULT));
		break;
	case STATE_UFFD_MISSING:
	case STATE_UFFD_WP:
		watch(memory);
		break;
	case STATE_SEALED:
		/* Of a private mapping nothing else needs to write to the file. */
		check_call("F_ADD_SEALS",
			   !fcntl(memory->fd, F_ADD_SEALS,
				  memory_is_private(memory) ? F_SEAL_WRITE : F_SEAL_FUTURE_WRITE));
		break;
	case STATE_READ_ONLY:
		check_call("mprotect", !mprotect(memory->region, len, PROT_READ));
		break;
	case STATE_FORKED:
		fork_child(memory);
		break;
	default:
		break;
	}
}

bool memory_leave_state(struct memory *memory)
{
	int status = 0;

	if (memory->uffd >= 0) {
		close(memory->uffd_stop[1]);
		pthread_join(memory->uffd_thread, NULL);
		close(memory->uffd_stop[0]);
		close(memory->uffd);
	}
	if (memory->child) {
		close(memory->child_pipe[1]);
		check_call("waitpid", waitpid(memory->child, &status, 0) == memory->child);
	}
	return !status;
}
