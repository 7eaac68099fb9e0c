/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ELF files that are mapped by processes, each once however many map it: kept open from when they
 * are first seen, read when a name in them is first asked for. Knows nothing of mappings.
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
struct record_frames;

/* "finder" must outlive them; NULL: no separate debug files. NULL without memory. */
struct modules *modules__new(struct debug_finder *finder);
void modules__free(struct modules *ms);

/*
 * The module of an open file, whose descriptor is taken, or of an image in memory, whose bytes are
 * copied. "path" is what process "pid" calls it. Belongs to the modules; NULL without memory.
 */
struct module *modules__of_file(struct modules *ms, int fd, const char *path, pid_t pid);
struct module *modules__of_image(struct modules *ms, const void *image, size_t size);

/* How many there are, in use or not. To have those freed that nobody uses: unmark all, mark those
 * in use, and drop the rest. */
size_t modules__count(const struct modules *ms);
void modules__unmark(struct modules *ms);
void module__mark(struct module *m);
void modules__drop_unmarked(struct modules *ms);

/* Lower-case hex; NULL if it has none. */
const char *module__build_id(const struct module *m);

/* The text that begins with "begins" in its read-only data, up to its end or some hundred bytes;
 * belongs to the module, and is looked for once: "begins" is always the same. NULL if there is
 * none. */
const char *module__text(struct module *m, const char *begins);

/*
 * What is at "file_offset": frames with symbol, function, file, line and inlined, innermost first.
 * There is at least one; they belong to the module, good until the next call. *offset gets the
 * distance from the module's load address; in a file that is no ELF file, the offset in the file.
 * NULL without memory.
 */
const struct record_frames *module__find(struct module *m, uint64_t file_offset, uint64_t *offset);

/* Is "file_offset" the first byte of a function with none before it? There makecontext() has stacks
 * begin. */
bool module__begins_function(struct module *m, uint64_t file_offset);

/* Can a call return to "file_offset"? A call instruction ends there, or a function begins as above,
 * or the file cannot tell. */
bool module__can_return_to(struct module *m, uint64_t file_offset);

#endif
