/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names of system calls and of what they are asked to do.
 */
#ifndef MIGPOP_SYMBOL_SYSCALL_H
#define MIGPOP_SYMBOL_SYSCALL_H

#include <stdint.h>

/* "fallocate", "io_uring worker", "exit"; "syscall 999" for one without a name. To be freed; NULL
 * without memory. Takes the numbers of enum SYSCALL_* too. */
char *syscall__name(int32_t nr);

/* The same for the calls that give memory back, as a static string. */
const char *syscall__static_name(int32_t nr);

/* "MADV_REMOVE", "FALLOC_FL_PUNCH_HOLE": static; NULL where the call has no behaviours. */
const char *syscall__behavior(int32_t nr, int32_t behavior);

#endif
