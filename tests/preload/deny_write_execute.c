// SPDX-License-Identifier: GPL-2.0-or-later
/* Runs a command in which no page that was writable becomes executable, as under systemd's
 * MemoryDenyWriteExecute=. Exit status 77: the kernel has no such thing (before Linux 6.3). */
#include <stdio.h>
#include <sys/prctl.h>
#include <unistd.h>

#ifndef PR_SET_MDWE
#define PR_SET_MDWE              65
#define PR_MDWE_REFUSE_EXEC_GAIN 1
#endif

int main(int argc, char **argv)
{
	if (argc < 2)
		return 2;
	if (prctl(PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN, 0, 0, 0))
		return 77;
	execvp(argv[1], argv + 1);
	perror(argv[1]);
	return 1;
}
