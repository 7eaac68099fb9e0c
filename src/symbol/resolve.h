/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Turns a user PC into the frames of a record: module, function, line of the source. The mappings
 * of a process are remembered, so that names can be found after the process has gone. Knows nothing
 * of BPF.
 */
#ifndef MIGPOP_SYMBOL_RESOLVE_H
#define MIGPOP_SYMBOL_RESOLVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct record_frames;
struct resolver;

struct resolver_options {
	const char *debug_dir; /* where separate debug files are searched before /usr/lib/debug; may
				  be NULL */
	bool debuginfod; /* true: ask the servers of DEBUGINFOD_URLS; false: make no network request
			  */
	/* Is told once of a file that "pid" has mapped, or of its debug file, if its names cannot
	 * be read; or NULL. */
	void (*unreadable)(pid_t pid, const char *path, int err, void *data);
	void *data;
};

/* Writes into "text" what "unreadable" is told, as one line. */
void resolver__say_unreadable(char *text, size_t size, pid_t pid, const char *path, int err);

/* "options->debug_dir" must outlive the resolver; "options" itself need not. Returns NULL without
 * memory. */
struct resolver *resolver__new(const struct resolver_options *options);
void resolver__free(struct resolver *r);

/* Reads which code "pid" has mapped now. Code that was unmapped since the last call is still known,
 * unless other code is mapped there. Costs about as much as reading /proc/PID/maps. If the process
 * is gone, its mappings stay remembered. Returns 0 or a negative errno. */
int resolver__remember(struct resolver *r, pid_t pid);

/* Frees what is remembered of a process. The files it had mapped stay known. */
void resolver__forget(struct resolver *r, pid_t pid);

/*
 * Appends the frames of "address" in "pid": the functions that are inlined there, innermost first,
 * then the function they are inlined into; at least one frame. Members that are not known stay
 * NULL; without a module the offset is the address itself. If "is_return", the call before the
 * address is looked up. Returns 0 or -ENOMEM.
 */
int resolver__resolve(struct resolver *r, pid_t pid, uint64_t address, bool is_return,
		      struct record_frames *frames);

/* True if a call can have pushed "address" as its return address. False if "address" is in no known
 * mapping, or if no call instruction ends there; true if this cannot be told. */
bool resolver__is_return(struct resolver *r, pid_t pid, uint64_t address);

/* The text that begins with "begins" in the read-only data of the program that "pid" runs, up to
 * its end or 256 bytes, for the caller to free; NULL if there is none. "begins" must always be the
 * same. */
char *resolver__exe_text(struct resolver *r, pid_t pid, const char *exe, const char *begins);

/* The build-id of the program that "pid" runs, in lower-case hex, for the caller to free; NULL if
 * it has none. */
char *resolver__exe_build_id(struct resolver *r, pid_t pid, const char *exe);

#endif
