// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * target ACTION...: a process that does what its arguments say, one after the other, and says where
 * it is. It knows nothing of the tracer. Every memfd it makes is called "faults".
 *
 *	say WORD	print "WORD PID"
 *	wait		until SIGUSR1
 *	memfd PAGES	read so many pages of a new memfd
 *	anon PAGES	write so many anonymous pages
 *	vfork PAGES	a child by vfork() writes so many anonymous pages of its parent, then
 *			executes true; the parent waits for it
 *	hold		write an anonymous page and give it back, over and over, until a signal ends
 *it warm		take the way of "sites" and "files" once, in memory that is there already
 *	busy THREADS	so many threads populate a memfd each, page after page, until a signal ends
 *it sites		read as many pages of a new memfd, each from a call site of its own (SITES)
 *	files COUNT	read one page of each of so many memfds
 *	exec		become this program anew, for the rest of the actions
 *	thread-exec	the same, from a thread that is not the first
 *	thread-rest	a thread does the rest, the first one ends
 *	share PAGES	make a memfd of so many pages and map it, but touch nothing
 *	map		map that memfd anew
 *	fill HOW	populate it whole: read, write, readv (from /dev/zero, into the
 *			mapping) or fallocate (by the descriptor)
 *	cached PAGES	read so many pages of a file that are in the page cache by a mapping that
 *			cannot write
 *	children COUNT	so many children do the rest each; the parent waits for them
 *	child-pid PID	one child with this process id does the rest; the parent waits for it
 *	listen SOCKET	be no monitor there: say something else to one client, from a thread
 *	forks COUNT	have so many children one after the other, and reap each
 *	on-usr2		count SIGUSR2 from now on, and SIGCHLD
 *	counted		print "usr2 COUNT chld COUNT"
 *	ignore-term	SIGTERM is ignored from now on
 *	raise SIGNAL	to itself
 *	exit STATUS
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SITES = 256 };

static size_t page_size;
static volatile sig_atomic_t nr_usr2, nr_chld;
static char *warm_memory;

static void check(const char *what, int ok)
{
	if (ok)
		return;
	fprintf(stderr, "target: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void say(const char *word)
{
	printf("%s %d\n", word, (int)getpid());
	fflush(stdout);
}

static char *memfd(size_t pages)
{
	int fd = memfd_create("faults", MFD_CLOEXEC);
	char *mem;

	check("memfd_create", fd >= 0 && !ftruncate(fd, (off_t)(pages * page_size)));
	mem = mmap(NULL, pages * page_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	check("mmap", mem != MAP_FAILED);
	close(fd);
	return mem;
}

static char *anon(size_t pages)
{
	char *mem = mmap(NULL, pages * page_size, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	check("mmap", mem != MAP_FAILED);
	return mem;
}

static void touch_read(const volatile char *mem, size_t pages)
{
	for (size_t i = 0; i < pages; i++)
		(void)mem[i * page_size];
}

static void touch_write(volatile char *mem, size_t pages)
{
	for (size_t i = 0; i < pages; i++)
		mem[i * page_size] = 1;
}

static struct {
	int fd;
	size_t pages;
	char *mem;
} shared;

static void map_shared(void)
{
	shared.mem = mmap(NULL, shared.pages * page_size, PROT_READ | PROT_WRITE, MAP_SHARED,
			  shared.fd, 0);
	check("mmap", shared.mem != MAP_FAILED);
}

static void share(size_t pages)
{
	shared.fd = memfd_create("faults", MFD_CLOEXEC);
	shared.pages = pages;
	check("memfd_create", shared.fd >= 0 && !ftruncate(shared.fd, (off_t)(pages * page_size)));
	map_shared();
}

static void fill_shared(const char *how)
{
	size_t size = shared.pages * page_size;

	if (!strcmp(how, "read")) {
		touch_read(shared.mem, shared.pages);
	} else if (!strcmp(how, "write")) {
		touch_write(shared.mem, shared.pages);
	} else if (!strcmp(how, "readv")) {
		struct iovec to = {shared.mem, size};
		int zero = open("/dev/zero", O_RDONLY | O_CLOEXEC);

		check("readv", zero >= 0 && readv(zero, &to, 1) == (ssize_t)size);
		close(zero);
	} else if (!strcmp(how, "fallocate")) {
		check("fallocate", !fallocate(shared.fd, 0, 0, (off_t)size));
	} else {
		errno = EINVAL, check(how, 0);
	}
}

static void read_cached(size_t pages)
{
	char path[] = "/var/tmp/migpop-cached.XXXXXX", *mem = anon(pages);
	size_t size = pages * page_size;
	int fd = mkostemp(path, O_CLOEXEC), again;

	check(path, fd >= 0);
	touch_write(mem, pages);
	check("write", write(fd, mem, size) == (ssize_t)size);
	again = open(path, O_RDONLY | O_CLOEXEC);
	unlink(path);
	munmap(mem, size);
	mem = mmap(NULL, size, PROT_READ, MAP_SHARED, again, 0);
	check("mmap", mem != MAP_FAILED);
	touch_read(mem, pages);
}

#define READ_1(n)   (void)mem[(n)*step];
#define READ_4(n)   READ_1(n) READ_1((n) + 1) READ_1((n) + 2) READ_1((n) + 3)
#define READ_16(n)  READ_4(n) READ_4((n) + 4) READ_4((n) + 8) READ_4((n) + 12)
#define READ_64(n)  READ_16(n) READ_16((n) + 16) READ_16((n) + 32) READ_16((n) + 48)
#define READ_256(n) READ_64(n) READ_64((n) + 64) READ_64((n) + 128) READ_64((n) + 192)

/* As many reads as there are pages, each an instruction of its own. */
__attribute__((noipa)) static void read_from_many_sites(const volatile char *mem, size_t step)
{
	READ_256(0)
}

_Static_assert(SITES == 256, "READ_256");

/* Eight pages each millisecond, every other of them written: a window has room for thousands, and
 * the machine for the rest. */
static void *populate(void *unused)
{
	enum { PAGES = 1 << 19 };
	char *mem = memfd(PAGES);

	(void)unused;
	for (size_t i = 0; i < PAGES; i += 8) {
		touch_read(mem + i * page_size, 4);
		touch_write(mem + (i + 4) * page_size, 4);
		usleep(1000);
	}
	return NULL;
}

static void busy(size_t threads)
{
	pthread_t id;

	while (threads--) {
		errno = pthread_create(&id, NULL, populate, NULL);
		check("pthread_create", !errno);
	}
	for (;;)
		pause();
}

static void read_files(size_t count)
{
	for (size_t i = 0; i < count; i++)
		touch_read(memfd(1), 1);
}

static void warm(void)
{
	if (!warm_memory) {
		warm_memory = anon(SITES);
		touch_write(warm_memory, SITES);
	}
	read_from_many_sites(warm_memory, page_size);
	read_files(1);
}

static void wait_for_usr1(void)
{
	sigset_t set;
	int sig;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	errno = sigwait(&set, &sig);
	check("sigwait", !errno);
}

static void hold(void)
{
	char *mem = anon(1);

	for (;;) {
		touch_write(mem, 1);
		check("madvise", !madvise(mem, page_size, MADV_DONTNEED));
	}
}

static void count(int sig)
{
	if (sig == SIGUSR2)
		nr_usr2++;
	else
		nr_chld++;
}

static void on_usr2(void)
{
	struct sigaction action = {.sa_handler = count, .sa_flags = SA_RESTART};

	check("sigaction", !sigaction(SIGUSR2, &action, NULL));
	check("sigaction", !sigaction(SIGCHLD, &action, NULL));
}

static void become(char **rest)
{
	rest[-1] = program_invocation_name;
	execv("/proc/thread-self/exe", rest - 1);
	check("execv", 0);
}

static void run(char **action);

static void *thread_becomes(void *rest)
{
	become(rest);
	return NULL;
}

static void *thread_runs(void *rest)
{
	run(rest);
	exit(0);
}

static void start_thread(void *(*fn)(void *), char **rest)
{
	pthread_t id;

	errno = pthread_create(&id, NULL, fn, rest);
	check("pthread_create", !errno);
	pthread_exit(NULL);
}

static void wait_for_children(void)
{
	int status;
	pid_t pid;

	do {
		pid = wait(&status);
		check("a child failed", pid < 0 || !status);
	} while (pid > 0 || errno == EINTR);
	exit(0);
}

static void children(size_t how_many)
{
	for (size_t i = 0; i < how_many; i++) {
		pid_t pid = fork();

		check("fork", pid >= 0);
		if (!pid)
			return;
	}
	wait_for_children();
}

static void forks(size_t how_many)
{
	for (size_t i = 0; i < how_many; i++) {
		pid_t pid = fork();

		check("fork", pid >= 0);
		if (!pid)
			_exit(0);
		while (waitpid(pid, NULL, 0) < 0)
			check("waitpid", errno == EINTR);
	}
}

static void child_with_pid(pid_t wanted)
{
	struct clone_args args = {
		.exit_signal = SIGCHLD,
		.set_tid = (uintptr_t)&wanted,
		.set_tid_size = 1,
	};
	long pid = syscall(SYS_clone3, &args, sizeof(args));

	check("clone3 with that process id", pid >= 0);
	if (pid)
		wait_for_children();
}

static void *no_monitor(void *listener)
{
	int fd = accept(*(int *)listener, NULL, NULL);

	check("accept", fd >= 0);
	check("write", write(fd, "220 no monitor\r\n", 16) == 16);
	return NULL;
}

static void listen_at(const char *path)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	static int listener;
	pthread_t id;

	strncpy(addr.sun_path, path, sizeof(addr.sun_path) - 1);
	listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	check("bind", !bind(listener, (struct sockaddr *)&addr, sizeof(addr)));
	check("listen", !listen(listener, 1));
	signal(SIGPIPE, SIG_IGN);
	errno = pthread_create(&id, NULL, no_monitor, &listener);
	check("pthread_create", !errno);
}

static size_t number(const char *text)
{
	char *end;
	size_t n = text ? strtoul(text, &end, 10) : 0;

	check("a number is missing", text && end != text && !*end);
	return n;
}

static void by_vfork(size_t pages)
{
	char *mem = anon(pages);
	int status;
	pid_t pid = vfork();

	if (!pid) {
		touch_write(mem, pages);
		execl("/bin/true", "true", NULL);
		_exit(127);
	}
	check("vfork", pid > 0 && waitpid(pid, &status, 0) == pid && !status);
}

/* Actions with a number; false for any other. */
static int run_counting(const char *name, const char *argument)
{
	if (!strcmp(name, "memfd"))
		touch_read(memfd(number(argument)), number(argument));
	else if (!strcmp(name, "anon"))
		touch_write(anon(number(argument)), number(argument));
	else if (!strcmp(name, "vfork"))
		by_vfork(number(argument));
	else if (!strcmp(name, "files"))
		read_files(number(argument));
	else if (!strcmp(name, "share"))
		share(number(argument));
	else if (!strcmp(name, "fill") && argument)
		fill_shared(argument);
	else if (!strcmp(name, "cached"))
		read_cached(number(argument));
	else if (!strcmp(name, "busy"))
		busy(number(argument));
	else if (!strcmp(name, "children"))
		children(number(argument));
	else if (!strcmp(name, "child-pid"))
		child_with_pid((pid_t)number(argument));
	else if (!strcmp(name, "raise"))
		raise((int)number(argument));
	else if (!strcmp(name, "exit"))
		exit((int)number(argument));
	else if (!strcmp(name, "say") && argument)
		say(argument);
	else if (!strcmp(name, "listen") && argument)
		listen_at(argument);
	else if (!strcmp(name, "forks"))
		forks(number(argument));
	else
		return 0;
	return 1;
}

static void run_plain(const char *name, char **rest)
{
	if (!strcmp(name, "wait"))
		wait_for_usr1();
	else if (!strcmp(name, "hold"))
		hold();
	else if (!strcmp(name, "map"))
		map_shared();
	else if (!strcmp(name, "warm"))
		warm();
	else if (!strcmp(name, "sites"))
		read_from_many_sites(memfd(SITES), page_size);
	else if (!strcmp(name, "exec"))
		become(rest);
	else if (!strcmp(name, "thread-exec"))
		start_thread(thread_becomes, rest);
	else if (!strcmp(name, "thread-rest"))
		start_thread(thread_runs, rest);
	else if (!strcmp(name, "on-usr2"))
		on_usr2();
	else if (!strcmp(name, "counted"))
		printf("usr2 %d chld %d\n", (int)nr_usr2, (int)nr_chld), fflush(stdout);
	else if (!strcmp(name, "ignore-term"))
		signal(SIGTERM, SIG_IGN);
	else
		errno = EINVAL, check(name, 0);
}

static void run(char **action)
{
	while (*action) {
		if (run_counting(action[0], action[1])) {
			action += 2;
		} else {
			run_plain(action[0], action + 1);
			action++;
		}
	}
}

int main(int argc, char **argv)
{
	sigset_t set;

	(void)argc;
	page_size = (size_t)sysconf(_SC_PAGESIZE);
	/* A system that makes all of memory huge would change every count. */
	prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	run(argv + 1);
	return 0;
}
