/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ELF files that processes have mapped. A file has one module, however many processes map it.
 * It is kept open from when it is first seen, and read by a process of its own (reader/client.h)
 * when one of its names is first needed. Knows nothing of mappings.
 */
#ifndef MIGPOP_SYMBOL_MODULE_H
#define MIGPOP_SYMBOL_MODULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct debug_finder;
struct module;
struct modules;
struct opened;
struct record_frames;

struct modules_options {
	struct debug_finder *finder; /* finds separate debug files; NULL: they are not looked for */
	/* Is told once of a file whose names cannot be read, why not as of reader/client.h; or
	 * NULL.
	 */
	void (*unreadable)(pid_t pid, const char *path, int err, void *data);
	void *data;
};

/* "options->finder" must outlive the modules. Returns NULL without memory. */
struct modules *modules__new(const struct modules_options *options);
void modules__free(struct modules *ms);

/*
 * Return the module of an open file, whose descriptor they take over, or of an image in memory,
 * whose bytes they copy. "path" is the file's path as process "pid" sees it. The module belongs to
 * "ms"; NULL without memory.
 */
struct module *modules__of_file(struct modules *ms, const struct opened *file, const char *path,
				pid_t pid);
struct module *modules__of_image(struct modules *ms, const void *image, size_t size);

/* The number of modules, in use or not. To free the modules that nobody uses: unmark all, mark
 * those in use, and drop the others. */
size_t modules__count(const struct modules *ms);
void modules__unmark(struct modules *ms);
void module__mark(struct module *m);
void modules__drop_unmarked(struct modules *ms);

/* The build-id in lower-case hex, which belongs to the module; NULL if the file has none. */
const char *module__build_id(const struct module *m);

/* The text that begins with "begins" in the file's read-only data, up to its end or 256 bytes. It
 * belongs to the module. The file is searched only once, so "begins" must always be the same. NULL
 * if there is no such text. */
const char *module__text(struct module *m, const char *begins);

/*
 * Returns the frames at "file_offset", innermost first, with symbol, function, file, line and
 * inlined filled in. There is at least one frame. The frames belong to the module, and are valid
 * until the next call. Stores in *offset the distance from the module's load address, or, if the
 * file is no ELF file, the offset in the file. Returns NULL without memory.
 */
const struct record_frames *module__find(struct module *m, uint64_t file_offset, uint64_t *offset);

/* True if "file_offset" is the first byte of a function and no function ends right before it.
 * Stacks made by makecontext() begin with such an address. */
bool module__begins_function(struct module *m, uint64_t file_offset);

/* True if a call can return to "file_offset": a call instruction ends there, or
 * module__begins_function() is true, or the file cannot be read. */
bool module__can_return_to(struct module *m, uint64_t file_offset);

#endif
