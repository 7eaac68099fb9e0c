/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Virtual machine monitors (VMMs). One row says all by which a VMM differs from others: how its
 * programs, threads and streams are recognised, and what its command line, its memory and its
 * monitor tell of the guest. Code outside of src/vmm/ asks the row.
 *
 * To add a VMM, write its row in a file of its own, name it in rows.[ch], and write its rules. A
 * member that a VMM has nothing for is NULL or 0.
 */
#ifndef MIGPOP_VMM_VMM_H
#define MIGPOP_VMM_VMM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "shared/vmm.h"

struct ram_blocks;
struct ram_told;
struct record_target;
struct vmm_monitor;

/* A name of at most 15 bytes, as /proc/PID/comm has it. */
struct vmm_comm {
	const char *name;
	bool is_prefix; /* names that begin so as well */
};

struct vmm_thread {
	const char *name; /* at most 15 bytes */
	enum thread_kind is;
};

struct vmm {
	const char *name;  /* in records, logs and on screen: "QEMU" */
	const char *rules; /* the name of its file of rules among the shipped ones: "qemu.rules" */

	/* Its programs. A program that has none of these names is recognised by the version that
	 * it states in its read-only data. The kernel sends only processes whose name is among
	 * "comms" here at once; it asks for others, and remembers the answer. */
	const char *prefix;           /* how the file names of its programs begin */
	const char *const *programs;  /* whole file names of other programs; ends with NULL */
	const char *const *scripts;   /* of programs that an interpreter runs; ends with NULL */
	const struct vmm_comm *comms; /* ends with a name of NULL */
	const char *version; /* how the text begins with which a program states its version */

	/* Its command line. */
	const char *incoming; /* the option with which it is started to receive a guest */
	/* Sets guest, uuid and ram_bytes of "t" from its cmdline; what the command line does not
	 * tell stays as it is. Returns 0 or -ENOMEM. */
	int (*describe)(struct record_target *t);

	/* Its threads and its stream. A window opens when a thread that sends takes its name, or
	 * when it is created with an argument that points to the name. */
	const struct vmm_thread *threads; /* ends with a name of NULL */
	uint32_t argument_name; /* the offset of the pointer to the name in a thread's argument */
	uint32_t magic;         /* the first four bytes of a stream, as they are in memory */

	/* Its memory. Finds out which mapping of process "pid" is which block of the guest's RAM;
	 * "told" is what its monitor has said of blocks. Returns 0, and *out to be freed, or a
	 * negative errno. */
	int (*ram_blocks)(struct ram_blocks *out, const struct record_target *t, pid_t pid,
			  const struct ram_told *told, size_t nr_told);

	/* How its monitor, the socket that takes commands, is spoken to (monitor.h). */
	const struct vmm_monitor *monitor;
};

/* All rows, the commonest first; ends with NULL. At most VMM_MAX. */
extern const struct vmm *const vmm_rows[];

/* The VMM whose program has this path, as /proc/PID/exe shows it: also with " (deleted)", if an
 * upgrade has replaced the file. NULL: it is no VMM's. */
const struct vmm *vmm__by_program(const char *exe);

/* The VMM that has a script of this name. NULL: none. */
const struct vmm *vmm__by_script(const char *comm);

/* The VMM that states its version with this text. NULL: none. */
const struct vmm *vmm__by_statement(const char *text);

/* The VMM whose rules are in a file of this name. NULL: none. */
const struct vmm *vmm__by_rules(const char *file);

/* The VMM that a record's target runs, by its vmm_name, else by its exe. NULL: none. */
const struct vmm *vmm__of(const struct record_target *t);

/* "vmm", or the first row for NULL: a process is taken for what it most probably is if its program
 * cannot be read, or is not known. */
const struct vmm *vmm__or_first(const struct vmm *vmm);

/* The index of "vmm" in vmm_rows. */
uint32_t vmm__number(const struct vmm *vmm);

/* True if a process of this name may run a VMM: the kernel's programs compare the same. */
bool vmm__has_comm(const char *comm);

/* The kind of a thread of this name; THREAD_UNKNOWN if the name says nothing. */
enum thread_kind vmm__thread(const struct vmm *vmm, const char *comm);

/* Sets vmm_name, guest, uuid and ram_bytes of "t" from its exe and cmdline; what they do not tell
 * stays as it is. A vmm_name that is set already comes before the exe. Returns 0 or -ENOMEM. */
int vmm__describe(struct record_target *t);

/* Sets vmm_version and vmm_package of "t" from this text, "QEMU emulator version 7.2.22 (Debian
 * 1:7.2+dfsg-7)"; if the text is of another form they stay as they are. Returns 0 or -ENOMEM. */
int vmm__take_version(struct record_target *t, const char *text);

#endif
