/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From a user PC to the frames of a record: module, function, line of the source. Mappings are
 * remembered while the process lives, so that names can be had after it has gone. Knows nothing of
 * BPF.
 */
#ifndef MIGPOP_SYMBOL_RESOLVE_H
#define MIGPOP_SYMBOL_RESOLVE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct record_frames;
struct resolver;

struct resolver_options {
	const char *debug_dir; /* of separate debug files, before /usr/lib/debug; may be NULL */
	bool debuginfod;       /* ask the servers of DEBUGINFOD_URLS; else no request is made */
};

/* "options" and what they point to are not needed afterwards but for debug_dir. NULL without
 * memory. */
struct resolver *resolver__new(const struct resolver_options *options);
void resolver__free(struct resolver *r);

/* Takes the code that "pid" has mapped now in place of what was remembered; what is unmapped by now
 * is still known where nothing else has come. Costs about what reading /proc/PID/maps does. A
 * process that is gone keeps what was remembered. 0, or a negative errno. */
int resolver__remember(struct resolver *r, pid_t pid);

/* Frees what is remembered of a process, but not of the files it had mapped. */
void resolver__forget(struct resolver *r, pid_t pid);

/*
 * Appends the frames of "address" of "pid": functions that are inlined there, innermost first, then
 * the function that they are inlined into; one frame at least. What cannot be known stays NULL,
 * with the address itself as offset where there is no module. A return address is looked up as the
 * call before it. 0, or -ENOMEM.
 */
int resolver__resolve(struct resolver *r, pid_t pid, uint64_t address, bool is_return,
		      struct record_frames *frames);

/* Can a call have pushed "address" as where to return to? False for what is in no mapping that is
 * known, and for code with no call instruction before it; true where that cannot be told. */
bool resolver__is_return(struct resolver *r, pid_t pid, uint64_t address);

/* The text that begins with "begins" among what the program that "pid" runs has to print, up to its
 * end or some hundred bytes; to be freed. NULL if there is none. */
char *resolver__exe_text(struct resolver *r, pid_t pid, const char *exe, const char *begins);

/* Build-id of the program that "pid" runs, lower-case hex to be freed; NULL if it has none. */
char *resolver__exe_build_id(struct resolver *r, pid_t pid, const char *exe);

#endif
