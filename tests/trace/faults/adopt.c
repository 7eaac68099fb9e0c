// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * adopt COMMAND ARG...: runs the command and inherits the orphans that it leaves behind. Prints
 * "PID exited STATUS" or "PID killed SIGNAL" for each process that it reaps, until none is left.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	int status;
	pid_t pid;

	if (argc < 2 || prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)) {
		fprintf(stderr, "usage: adopt COMMAND ARG...\n");
		return 2;
	}
	pid = fork();
	if (!pid) {
		execvp(argv[1], argv + 1);
		fprintf(stderr, "adopt: %s: %s\n", argv[1], strerror(errno));
		_exit(127);
	}
	printf("%d started\n", (int)pid);
	fflush(stdout);
	while ((pid = wait(&status)) > 0 || errno == EINTR) {
		if (pid <= 0)
			continue;
		if (WIFEXITED(status))
			printf("%d exited %d\n", (int)pid, WEXITSTATUS(status));
		else
			printf("%d killed %d\n", (int)pid, WTERMSIG(status));
		fflush(stdout);
	}
	return 0;
}
