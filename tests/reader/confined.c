// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a process cannot do once it has entered the sandbox, tried from within, and what it still can.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "reader/sandbox.h"

/* The sandbox leaves a process no other way to say something. */
static int answer_socket;
static bool failed;

static void say(const char *what)
{
	struct iovec part = {(void *)what, strlen(what)};
	struct msghdr h = {.msg_iov = &part, .msg_iovlen = 1};

	failed = true;
	sendmsg(answer_socket, &h, MSG_NOSIGNAL);
}

static void refused(const char *what, long result)
{
	if (result != -1 || errno != EPERM)
		say(what);
	errno = 0;
}

static void allowed(const char *what, bool ok)
{
	if (!ok)
		say(what);
}

static void try_files(int file)
{
	char byte;

	refused("open\n", open("/etc/hostname", O_RDONLY));
	refused("openat2\n", syscall(SYS_openat2, AT_FDCWD, "/etc/hostname", NULL, 0));
	refused("open of a descriptor\n", open("/proc/self/fd/0", O_RDONLY));
	refused("write\n", write(file, "x", 1));
	refused("map a file\n", (long)mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, file, 0));
	refused("dup\n", dup(file));
	refused("fcntl\n", fcntl(file, F_GETFL));
	refused("ioctl\n", syscall(SYS_ioctl, file, 0, 0));
	refused("memfd_create\n", syscall(SYS_memfd_create, "x", 0));
	refused("readlink\n", readlink("/proc/self/exe", &byte, 1));
	refused("statx of a path\n", syscall(SYS_statx, AT_FDCWD, "/etc", 0, 0, &byte));
	refused("io_uring\n", syscall(SYS_io_uring_setup, 1, NULL));
	allowed("read\n", pread(file, &byte, 1, 0) == 1);
}

static void try_others(void)
{
	struct iovec part = {&part, sizeof(part)};

	refused("socket\n", socket(AF_UNIX, SOCK_STREAM, 0));
	refused("network\n", socket(AF_INET, SOCK_STREAM, 0));
	refused("kill\n", kill(getppid(), 0));
	refused("tgkill\n", syscall(SYS_tgkill, 1, 1, 0));
	refused("ptrace\n", ptrace(PTRACE_ATTACH, 1, 0, 0));
	refused("process_vm_readv\n", process_vm_readv(1, &part, 1, &part, 1, 0));
	refused("pidfd_open\n", syscall(SYS_pidfd_open, 1, 0));
	refused("fork\n", syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0));
	refused("execve\n", execl("/not/there", "there", NULL));
	refused("bpf\n", syscall(SYS_bpf, 0, NULL, 0));
	refused("perf_event_open\n", syscall(SYS_perf_event_open, NULL, 0, -1, -1, 0));
	refused("setuid\n", syscall(SYS_setuid, 0));
	refused("prctl\n", syscall(SYS_prctl, 0));
	refused("setrlimit\n", syscall(SYS_prlimit64, 0, RLIMIT_AS, NULL, NULL));
	refused("unshare\n", syscall(SYS_unshare, 0x10000000));
}

static void try_memory(void)
{
	void *at = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	allowed("allocate\n", at != MAP_FAILED);
	refused("make memory executable\n", mprotect(at, 4096, PROT_READ | PROT_EXEC));
	refused("map executable memory\n",
		(long)mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
#ifndef __SANITIZE_ADDRESS__
	at = mmap(NULL, ((size_t)SANDBOX_SPACE_MIB << 20) + 1, PROT_READ | PROT_WRITE,
		  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	allowed("address space is bounded\n", at == MAP_FAILED && errno == ENOMEM);
#endif
}

static int within(int file)
{
	if (sandbox__enter())
		return 2;
	try_files(file);
	try_others();
	try_memory();
	syscall(SYS_exit_group, failed); /* AddressSanitizer has exit() look at signal stacks */
	return 3;
}

int main(void)
{
	int sockets[2], file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC), status;
	char said[4096];
	bool any = false;
	ssize_t n;
	pid_t pid;

	if (file < 0 || socketpair(AF_UNIX, SOCK_STREAM, 0, sockets))
		return 1;
	answer_socket = sockets[1];
	pid = fork();
	if (!pid)
		_exit(within(file));
	close(sockets[1]);
	while ((n = read(sockets[0], said, sizeof(said))) > 0)
		any = fwrite(said, 1, (size_t)n, stdout);
	if (any || pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status) ||
	    WEXITSTATUS(status)) {
		printf("FAIL: the lines above, or status %#x\n", status);
		return 1;
	}
	return 0;
}
