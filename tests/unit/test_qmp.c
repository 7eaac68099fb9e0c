// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The QMP client against a real QEMU: what it answers, refuses, announces by itself, and what a
 * caller gets when it is busy, stopped, killed or not there at all.
 *
 * The QEMU is $QEMU or qemu-system-x86_64; without one the test is skipped.
 */
#include "qemu/qmp.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define START_MS 20000
#define REPLY_MS 10000
#define SHORT_MS 300

/* A QEMU without a machine: monitors `a` and `b` speak QMP, `human` does not. */
struct emulator {
	pid_t pid;
	char dir[64];
	char a[96], b[96], human[96];
};

static const char *qemu_path(void)
{
	const char *path = getenv("QEMU");

	return path && *path ? path : "qemu-system-x86_64";
}

static int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static void exec_qemu(const struct emulator *e)
{
	char a[128], b[128], human[128];

	snprintf(a, sizeof(a), "unix:%s,server=on,wait=off", e->a);
	snprintf(b, sizeof(b), "unix:%s,server=on,wait=off", e->b);
	snprintf(human, sizeof(human), "unix:%s,server=on,wait=off", e->human);
	execlp(qemu_path(), qemu_path(), "-S", "-machine", "none", "-display", "none",
	       "-nodefaults", "-no-user-config", "-qmp", a, "-qmp", b, "-monitor", human,
	       (char *)NULL);
}

static bool ended(pid_t pid)
{
	return waitpid(pid, NULL, WNOHANG) != 0;
}

/* A client that comes while QEMU still sets its monitors up can stay without a greeting for ever:
 * the tests begin when one has been served. */
static void wait_for_service(const char *path, int64_t deadline)
{
	struct qmp *probe;

	while (qmp__open(&probe, path, 1000))
		assert_true(now_ms() < deadline);
	qmp__close(probe);
}

static int start(void **state)
{
	struct emulator *e = calloc(1, sizeof(*e));
	int64_t deadline = now_ms() + START_MS;
	struct stat st;

	assert_non_null(e);
	strcpy(e->dir, "/tmp/test_qmp.XXXXXX");
	assert_non_null(mkdtemp(e->dir));
	snprintf(e->a, sizeof(e->a), "%s/a", e->dir);
	snprintf(e->b, sizeof(e->b), "%s/b", e->dir);
	snprintf(e->human, sizeof(e->human), "%s/human", e->dir);
	e->pid = fork();
	assert_true(e->pid >= 0);
	if (!e->pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		exec_qemu(e);
		_exit(127);
	}
	*state = e;
	/* The human monitor is the last one QEMU opens. */
	while (stat(e->human, &st)) {
		assert_false(ended(e->pid));
		assert_true(now_ms() < deadline);
		poll(NULL, 0, 5);
	}
	wait_for_service(e->a, deadline);
	wait_for_service(e->b, deadline);
	return 0;
}

static int stop(void **state)
{
	struct emulator *e = *state;

	kill(e->pid, SIGKILL);
	waitpid(e->pid, NULL, 0);
	unlink(e->a);
	unlink(e->b);
	unlink(e->human);
	rmdir(e->dir);
	free(e);
	return 0;
}

static struct qmp *open_monitor(const char *path, int timeout_ms)
{
	struct qmp *qmp;

	assert_int_equal(qmp__open(&qmp, path, timeout_ms), 0);
	assert_non_null(qmp);
	return qmp;
}

static void assert_run_state(struct qmp *qmp, const char *expected)
{
	json_object *ret, *status = NULL;

	assert_int_equal(qmp__execute(qmp, "query-status", NULL, &ret), 0);
	assert_true(json_object_object_get_ex(ret, "status", &status));
	assert_string_equal(json_object_get_string(status), expected);
	json_object_put(ret);
}

static bool readable(struct qmp *qmp, int timeout_ms)
{
	struct pollfd pfd = {.fd = qmp__fd(qmp), .events = POLLIN};

	return poll(&pfd, 1, timeout_ms) == 1;
}

static void command_gets_its_reply(void **state)
{
	struct emulator *e = *state;
	struct qmp *qmp = open_monitor(e->a, REPLY_MS);

	assert_run_state(qmp, "prelaunch");
	assert_int_equal(qmp__execute(qmp, "query-name", NULL, NULL), 0);
	assert_run_state(qmp, "prelaunch");
	qmp__close(qmp);
}

static void arguments_are_borrowed(void **state)
{
	struct emulator *e = *state;
	struct qmp *qmp = open_monitor(e->a, REPLY_MS);
	json_object *arguments = json_tokener_parse("{\"path\": \"/machine\"}");
	json_object *ret;

	for (int i = 0; i < 2; i++) {
		assert_int_equal(qmp__execute(qmp, "qom-list", arguments, &ret), 0);
		assert_true(json_object_is_type(ret, json_type_array));
		json_object_put(ret);
	}
	assert_int_equal(json_object_put(arguments), 1);
	qmp__close(qmp);
}

/* Many times the read buffer, so it arrives and is parsed in pieces. */
static void long_reply_arrives_whole(void **state)
{
	struct emulator *e = *state;
	struct qmp *qmp = open_monitor(e->a, REPLY_MS);
	json_object *ret;

	assert_int_equal(qmp__execute(qmp, "query-qmp-schema", NULL, &ret), 0);
	assert_true(json_object_array_length(ret) > 500);
	assert_true(strlen(json_object_to_json_string(ret)) > 100000);
	json_object_put(ret);
	assert_run_state(qmp, "prelaunch");
	qmp__close(qmp);
}

static void refusal_is_told_apart(void **state)
{
	struct emulator *e = *state;
	struct qmp *qmp = open_monitor(e->a, REPLY_MS);
	json_object *arguments = json_tokener_parse("{\"path\": \"/nowhere\"}");
	json_object *ret = arguments;

	assert_int_equal(qmp__execute(qmp, "no-such-command", NULL, &ret), -EOPNOTSUPP);
	assert_null(ret);
	assert_non_null(strstr(qmp__error(qmp), "no-such-command"));
	assert_int_equal(qmp__execute(qmp, "qom-list", arguments, &ret), -EREMOTEIO);
	assert_null(ret);
	assert_non_null(strstr(qmp__error(qmp), "/nowhere"));
	assert_run_state(qmp, "prelaunch");
	json_object_put(arguments);
	qmp__close(qmp);
}

static void events_are_skipped(void **state)
{
	struct emulator *e = *state;
	struct qmp *driver = open_monitor(e->a, REPLY_MS);
	struct qmp *watcher = open_monitor(e->b, REPLY_MS);

	assert_false(readable(watcher, 0));
	for (int i = 0; i < 10; i++) {
		assert_int_equal(qmp__execute(driver, "cont", NULL, NULL), 0);
		assert_int_equal(qmp__execute(driver, "stop", NULL, NULL), 0);
	}
	assert_run_state(driver, "paused");
	assert_true(readable(watcher, REPLY_MS));
	assert_run_state(watcher, "paused");
	assert_int_equal(qmp__execute(driver, "cont", NULL, NULL), 0);
	assert_true(readable(watcher, REPLY_MS));
	assert_int_equal(qmp__drain(watcher), 0);
	assert_false(readable(watcher, 0));
	assert_int_equal(qmp__drain(watcher), 0);
	assert_run_state(watcher, "running");
	qmp__close(watcher);
	qmp__close(driver);
}

static void migration_status_is_followed(void **state)
{
	struct emulator *e = *state;
	struct qmp *qmp = open_monitor(e->a, REPLY_MS);
	json_object *arguments = json_tokener_parse("{\"uri\": \"exec:exit 1\"}");
	int64_t deadline = now_ms() + REPLY_MS;
	char status[32], tiny[3];

	assert_int_equal(qmp__migration_status(qmp, status, sizeof(status)), 0);
	assert_string_equal(status, "none");
	assert_int_equal(qmp__migration_status(qmp, tiny, sizeof(tiny)), -ENOSPC);
	assert_string_equal(tiny, "no");
	assert_int_equal(qmp__execute(qmp, "migrate", arguments, NULL), 0);
	do {
		assert_int_equal(qmp__migration_status(qmp, status, sizeof(status)), 0);
		assert_string_not_equal(status, "none");
		assert_true(now_ms() < deadline);
	} while (strcmp(status, "failed") && strcmp(status, "completed"));
	json_object_put(arguments);
	qmp__close(qmp);
}

static void *kill_once_asked(void *arg)
{
	const struct emulator *e = ((void **)arg)[0];
	int fd = qmp__fd(((void **)arg)[1]);
	int queued = 0;

	/* Until the command lies in QEMU's socket. */
	while (!ioctl(fd, SIOCOUTQ, &queued) && !queued)
		poll(NULL, 0, 1);
	kill(e->pid, SIGKILL);
	return NULL;
}

static void death_in_mid_conversation_is_no_hang(void **state)
{
	struct emulator *e = *state;
	struct qmp *qmp = open_monitor(e->a, 60000);
	void *arg[] = {e, qmp};
	json_object *ret = NULL;
	int64_t began = now_ms();
	pthread_t killer;
	int err;

	kill(e->pid, SIGSTOP);
	/* Until all of its threads stand still: one could answer yet. */
	assert_int_equal(waitpid(e->pid, NULL, WUNTRACED), e->pid);
	assert_int_equal(pthread_create(&killer, NULL, kill_once_asked, arg), 0);
	assert_int_equal(qmp__execute(qmp, "query-status", NULL, &ret), -ECONNRESET);
	pthread_join(killer, NULL);
	assert_null(ret);
	assert_true(strlen(qmp__error(qmp)) > 0);
	for (int i = 0; i < 3; i++) {
		err = qmp__execute(qmp, "query-status", NULL, &ret);
		assert_int_equal(err, -ECONNRESET);
		assert_int_equal(qmp__drain(qmp), -ECONNRESET);
	}
	assert_true(now_ms() - began < 30000);
	qmp__close(qmp);
}

static void death_between_commands_is_no_signal(void **state)
{
	struct emulator *e = *state;
	struct qmp *qmp = open_monitor(e->a, 60000);
	siginfo_t info;
	int err;

	kill(e->pid, SIGKILL);
	assert_int_equal(waitid(P_PID, (id_t)e->pid, &info, WEXITED | WNOWAIT), 0);
	err = qmp__execute(qmp, "query-status", NULL, NULL);
	assert_true(err == -EPIPE || err == -ECONNRESET);
	assert_int_equal(qmp__execute(qmp, "query-status", NULL, NULL), err);
	qmp__close(qmp);
}

static void quit_is_noticed(void **state)
{
	struct emulator *e = *state;
	struct qmp *driver = open_monitor(e->a, REPLY_MS);
	struct qmp *watcher = open_monitor(e->b, REPLY_MS);
	int err = 0;

	assert_int_equal(qmp__execute(driver, "quit", NULL, NULL), 0);
	while (!err && readable(watcher, REPLY_MS))
		err = qmp__drain(watcher);
	assert_int_equal(err, -ECONNRESET);
	assert_int_equal(qmp__execute(watcher, "query-status", NULL, NULL), -ECONNRESET);
	qmp__close(watcher);
	qmp__close(driver);
}

static void late_reply_is_not_taken_for_the_next(void **state)
{
	struct emulator *e = *state;
	struct qmp *qmp = open_monitor(e->a, SHORT_MS);
	int64_t began = now_ms();

	kill(e->pid, SIGSTOP);
	assert_int_equal(qmp__execute(qmp, "query-name", NULL, NULL), -ETIMEDOUT);
	assert_in_range(now_ms() - began, SHORT_MS, SHORT_MS + 5000);
	kill(e->pid, SIGCONT);
	/* A busy machine may take longer than SHORT_MS once more; the answer must be right then. */
	assert_true(readable(qmp, REPLY_MS));
	assert_run_state(qmp, "prelaunch");
	qmp__close(qmp);
}

static void taken_monitor_is_busy(void **state)
{
	struct emulator *e = *state;
	struct qmp *first = open_monitor(e->a, REPLY_MS), *second = first;

	assert_int_equal(qmp__open(&second, e->a, SHORT_MS), -EBUSY);
	assert_null(second);
	assert_run_state(first, "prelaunch");
	qmp__close(first);
	qmp__close(open_monitor(e->a, REPLY_MS));
}

static void human_monitor_is_not_qmp(void **state)
{
	struct emulator *e = *state;
	struct qmp *qmp;

	assert_int_equal(qmp__open(&qmp, e->human, REPLY_MS), -EPROTO);
	assert_null(qmp);
}

static void wrong_path_is_an_error(void **state)
{
	struct emulator *e = *state;
	char path[256];
	struct qmp *qmp;

	snprintf(path, sizeof(path), "%s/absent", e->dir);
	assert_int_equal(qmp__open(&qmp, path, REPLY_MS), -ENOENT);
	assert_null(qmp);
	assert_int_equal(qmp__open(&qmp, "/dev/null", REPLY_MS), -ECONNREFUSED);
	memset(path, 'x', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	assert_int_equal(qmp__open(&qmp, path, REPLY_MS), -ENAMETOOLONG);
	assert_int_equal(qmp__open(&qmp, e->a, 0), -EINVAL);
	qmp__close(NULL);
}

static bool have_qemu(void)
{
	pid_t pid = fork();
	int status = 0;

	if (!pid) {
		int null = open("/dev/null", O_WRONLY);

		dup2(null, STDOUT_FILENO);
		execlp(qemu_path(), qemu_path(), "--version", (char *)NULL);
		_exit(127);
	}
	return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0;
}

#define WITH_QEMU(f) cmocka_unit_test_setup_teardown(f, start, stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_QEMU(command_gets_its_reply),
		WITH_QEMU(arguments_are_borrowed),
		WITH_QEMU(long_reply_arrives_whole),
		WITH_QEMU(refusal_is_told_apart),
		WITH_QEMU(events_are_skipped),
		WITH_QEMU(migration_status_is_followed),
		WITH_QEMU(death_in_mid_conversation_is_no_hang),
		WITH_QEMU(death_between_commands_is_no_signal),
		WITH_QEMU(quit_is_noticed),
		WITH_QEMU(late_reply_is_not_taken_for_the_next),
		WITH_QEMU(taken_monitor_is_busy),
		WITH_QEMU(human_monitor_is_not_qmp),
		WITH_QEMU(wrong_path_is_an_error),
	};

	if (!have_qemu()) {
		printf("SKIP: cannot run %s\n", qemu_path());
		return 77;
	}
	return cmocka_run_group_tests_name("qmp", tests, NULL, NULL);
}
