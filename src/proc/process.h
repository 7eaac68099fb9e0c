/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A process and its threads, as /proc/PID shows them. Knows nothing of what a process is for.
 */
#ifndef MIGPOP_PROC_PROCESS_H
#define MIGPOP_PROC_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* The name of a thread, for the caller to free; NULL if the thread is gone. */
char *proc__comm(pid_t tid);

/* The thread group of "pid", or -ESRCH. */
pid_t proc__tgid(pid_t pid);

/* True if "tid" is a thread of "pid" that is not ending. */
bool proc__thread_lives(pid_t pid, pid_t tid);

/* True if a thread of "pid" lives on besides the first. A thread that is about to end as well does
 * not live on. */
bool proc__others_live(pid_t pid);

/* True if the process has a file of that descriptor. */
bool proc__has_descriptor(pid_t pid, int fd);

/* True if the first thread of the process waits for descriptors, as in a main loop. */
bool proc__waits(pid_t pid);

/* Copies "size" bytes of the process's memory, for the caller to free; NULL if not all of them can
 * be read. They are read through /proc/PID/mem: process_vm_readv() would be counted as an access
 * to the memory of a target. */
void *proc__read_memory(pid_t pid, uint64_t address, size_t size);

#endif
