// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * GUP from another task: a peer reads and writes the target's fresh memory with process_vm_readv
 * and process_vm_writev: shared, anonymous, and that of a private mapping of a file. The target
 * itself never touches it. The peer's own memory, fresh as well, must not be counted.
 */
#define _GNU_SOURCE
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/uio.h>

#include "route.h"

enum { SHARED_READ = 2000, SHARED_WRITE = 1000, ANON_READ = 800, ANON_WRITE = 900, COPIED = 700 };

static void copy(int pid, const struct peer_message *msg)
{
	size_t size = msg->pages * page_size;
	struct iovec local = {.iov_base = map_anon(msg->pages), .iov_len = size};
	struct iovec remote = {.iov_base = (void *)(uintptr_t)msg->addr, .iov_len = size};
	ssize_t n;

	if (msg->op == 'r')
		n = process_vm_readv(pid, &local, 1, &remote, 1, 0);
	else
		n = process_vm_writev(pid, &local, 1, &remote, 1, 0);
	check_call("process_vm", n == (ssize_t)size);
	munmap(local.iov_base, size);
}

static void peer(int sock)
{
	struct peer_message msg;

	while (peer_receive(sock, &msg, NULL)) {
		copy(peer_pid(sock), &msg);
		peer_send(sock, &msg, -1);
	}
}

static void ask(int sock, char op, const char *mem, size_t pages)
{
	struct peer_message msg = {.op = (uint64_t)op, .addr = (uintptr_t)mem, .pages = pages};

	peer_ask(sock, &msg, -1);
}

static void run(int argc, char **argv)
{
	int fd = route_memfd(SHARED_READ + SHARED_WRITE + COPIED), sock = peer_connect(argc, argv);
	char *shared = map_shared(fd, SHARED_READ + SHARED_WRITE);
	char *copied = map_private(fd, SHARED_READ + SHARED_WRITE + COPIED);
	char *anon = map_anon(ANON_READ + ANON_WRITE);

	prctl(PR_SET_PTRACER, peer_pid(sock), 0, 0, 0);
	ask(sock, 'r', shared, SHARED_READ);
	check_equal("st_blocks after reads", memfd_pages(fd), SHARED_READ);
	ask(sock, 'w', shared + SHARED_READ * page_size, SHARED_WRITE);
	check_equal("st_blocks in pages", memfd_pages(fd), SHARED_READ + SHARED_WRITE);
	ask(sock, 'r', anon, ANON_READ);
	check_equal("Anonymous after reads", smaps_pages(anon, "Anonymous"), 0);
	ask(sock, 'w', anon + ANON_READ * page_size, ANON_WRITE);
	check_equal("Anonymous in smaps", smaps_pages(anon, "Anonymous"), ANON_WRITE);
	ask(sock, 'w', copied + (SHARED_READ + SHARED_WRITE) * page_size, COPIED);
	check_equal("Anonymous of the file", smaps_pages(copied, "Anonymous"), COPIED);

	expect("populated %d " OF_MEMFD, SHARED_READ + SHARED_WRITE + COPIED);
	expect("populated %d " OF_MEMFD " syscall=process_vm_readv", SHARED_READ);
	expect("populated %d " OF_MEMFD " syscall=process_vm_writev", SHARED_WRITE + COPIED);
	expect("populated %d " OF_ANON " syscall=process_vm_writev", ANON_WRITE + COPIED);
	expect("populated 0 " OF_ANON " syscall=process_vm_readv");
	expect("zero_populated %d syscall=process_vm_readv unless-null", SHARED_READ);
	expect("faults 0 syscall=process_vm_*");
	expect("residual 0 " OF_MEMFD);
	expect("residual_permille 1 " OF_ANON);
}

const struct route route = {.run = run, .peer = peer};
