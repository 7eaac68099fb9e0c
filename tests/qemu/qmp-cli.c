// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * QMP for shell scripts: one command, or wait for a state, with a deadline. Prints the reply as
 * JSON on stdout. Exit status: 0 done, 1 QEMU refused or ended elsewhere, 2 usage, 4 QEMU not
 * reachable.
 */
#include "qemu/qmp.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define POLL_MS 20

static const char usage_text[] = "usage: qmp-cli [-t MS] [-p PID] SOCKET COMMAND [JSON-ARGUMENTS]\n"
				 "       qmp-cli [-t MS] [-p PID] SOCKET --wait-ready\n"
				 "       qmp-cli [-t MS] [-p PID] SOCKET --wait-migration STATUS\n"
				 "-t MS   give up after MS milliseconds (default 30000)\n"
				 "-p PID  give up when this process ends\n";

struct options {
	int timeout_ms;
	int pidfd; /* -1 without -p */
	const char *path, *verb, *operand;
};

static int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* Until something happens on `fd` (or POLL_MS, for what nothing announces). False: QEMU ended. */
static bool watch(const struct options *o, int fd)
{
	struct pollfd pfd[] = {{.fd = o->pidfd, .events = POLLIN}, {.fd = fd, .events = POLLIN}};

	poll(pfd, 2, POLL_MS);
	return !(pfd[0].revents & POLLIN);
}

static int complain(const struct options *o, struct qmp *qmp, int err)
{
	if (qmp)
		fprintf(stderr, "qmp-cli: %s: %s\n", o->path, qmp__error(qmp));
	else
		fprintf(stderr, "qmp-cli: cannot talk to %s: %s\n", o->path, strerror(-err));
	return err == -EREMOTEIO || err == -EOPNOTSUPP ? 1 : 4;
}

/* QEMU makes its sockets while it starts: absent and not yet listening are the same to us. So is no
 * greeting: who comes while the monitors are set up may wait for it for ever, and asks again. */
static int wait_ready(const struct options *o)
{
	int64_t deadline = now_ms() + o->timeout_ms;
	struct qmp *qmp;
	int err;

	for (;;) {
		int64_t left = deadline - now_ms();

		err = qmp__open(&qmp, o->path, left > 1000 ? 1000 : left > 0 ? (int)left : 1);
		if (!err) {
			qmp__close(qmp);
			return 0;
		}
		if (err != -ENOENT && err != -ECONNREFUSED && err != -ETIMEDOUT)
			return complain(o, NULL, err);
		if (!watch(o, -1)) {
			fprintf(stderr, "qmp-cli: %s: QEMU ended\n", o->path);
			return 4;
		}
		if (now_ms() >= deadline)
			return complain(o, NULL, -ETIMEDOUT);
	}
}

static bool final(const char *status)
{
	return !strcmp(status, "completed") || !strcmp(status, "failed") ||
	       !strcmp(status, "cancelled");
}

static int wait_migration(const struct options *o, struct qmp *qmp)
{
	int64_t deadline = now_ms() + o->timeout_ms;
	char status[64];
	int err;

	while (!(err = qmp__migration_status(qmp, status, sizeof(status)))) {
		if (!strcmp(status, o->operand)) {
			puts(status);
			return 0;
		}
		if (final(status) || now_ms() >= deadline) {
			fprintf(stderr, "qmp-cli: %s: migration is %s, not %s\n", o->path, status,
				o->operand);
			return 1;
		}
		if (!watch(o, qmp__fd(qmp))) {
			fprintf(stderr, "qmp-cli: %s: QEMU ended\n", o->path);
			return 4;
		}
		err = qmp__drain(qmp);
		if (err)
			break;
	}
	return complain(o, qmp, err);
}

static int run_command(const struct options *o, struct qmp *qmp)
{
	json_object *arguments = NULL, *ret = NULL;
	int err;

	if (o->operand) {
		arguments = json_tokener_parse(o->operand);
		if (!arguments) {
			fprintf(stderr, "qmp-cli: not JSON: %s\n", o->operand);
			return 2;
		}
	}
	err = qmp__execute(qmp, o->verb, arguments, &ret);
	json_object_put(arguments);
	if (err)
		return complain(o, qmp, err);
	puts(json_object_to_json_string_ext(ret, JSON_C_TO_STRING_PLAIN));
	json_object_put(ret);
	return 0;
}

static int run(const struct options *o)
{
	struct qmp *qmp;
	int err;

	if (!strcmp(o->verb, "--wait-ready"))
		return wait_ready(o);
	err = qmp__open(&qmp, o->path, o->timeout_ms);
	if (err)
		return complain(o, NULL, err);
	err = strcmp(o->verb, "--wait-migration") ? run_command(o, qmp) : wait_migration(o, qmp);
	qmp__close(qmp);
	return err;
}

int main(int argc, char **argv)
{
	struct options o = {.timeout_ms = 30000, .pidfd = -1};
	int opt;

	while ((opt = getopt(argc, argv, "+t:p:")) != -1) {
		if (opt == 't')
			o.timeout_ms = atoi(optarg);
		else if (opt == 'p')
			o.pidfd = (int)syscall(SYS_pidfd_open, (pid_t)atoi(optarg), 0);
		if (opt == '?' || o.timeout_ms <= 0)
			goto usage;
		if (opt == 'p' && o.pidfd < 0) {
			fprintf(stderr, "qmp-cli: process %s: %s\n", optarg, strerror(errno));
			return 4;
		}
	}
	argc -= optind;
	argv += optind;
	if (argc < 2 || argc > 3)
		goto usage;
	o.path = argv[0];
	o.verb = argv[1];
	o.operand = argv[2];
	if (!strcmp(o.verb, "--wait-migration") && !o.operand)
		goto usage;
	return run(&o);
usage:
	fputs(usage_text, stderr);
	return 2;
}
