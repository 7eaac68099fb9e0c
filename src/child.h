/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Processes that this program starts of itself, for work that must not be done with its rights: how
 * they are started, and what each of them gives up first. It must not know what they do.
 */
#ifndef MIGPOP_CHILD_H
#define MIGPOP_CHILD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* The first descriptor that a child is given. */
enum { CHILD_FD = 3 };

/*
 * Starts this program again as "migpop MODE", a command that is not for users. It gets the "n"
 * descriptors as CHILD_FD and those that follow, /dev/null as standard input and output, and no
 * other; its standard error is this program's if "speaks". Each of the descriptors is either above
 * those that the child gets, or at its place already. The signals by which a terminal or systemd
 * end a program are blocked in the child: it is for this program to decide when a child ends.
 * Returns 0 or a negative errno.
 */
int child__start(pid_t *pid, const char *mode, const int *fds, size_t n, bool speaks);

/* The following is for the child itself. */

/* From now on this process is called "name", dies with the thread that started it, cannot be looked
 * into by others, and is the first that the kernel ends if memory is short. Returns 0 or a negative
 * errno. */
int child__begin(const char *name);

/* Has at most so much of a resource (RLIMIT_…) from now on. Returns 0 or a negative errno. */
int child__limit(int resource, uint64_t most);

/* Has no capability from now on, and cannot get one by executing a program. Returns 0 or a negative
 * errno. */
int child__drop_capabilities(void);

#endif
