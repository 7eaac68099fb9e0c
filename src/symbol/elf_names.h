/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The names of one ELF image: functions, inlined functions and lines, from its symbols and its
 * DWARF, and from those of its separate debug file. Runs in the reader. Knows nothing of processes,
 * paths or mappings, and opens no file.
 */
#ifndef MIGPOP_SYMBOL_ELF_NAMES_H
#define MIGPOP_SYMBOL_ELF_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct elf_names;
struct record_frames;

/* Open a file, whose descriptor they take over, or an image in memory, whose bytes they copy.
 * Little is read until a name is asked for. Return NULL without memory; then the descriptor stays
 * the caller's. */
struct elf_names *elf_names__open(int fd);
struct elf_names *elf_names__open_image(const void *image, size_t size);
void elf_names__close(struct elf_names *n);

/* The build-id in lower-case hex; NULL if there is none. Belongs to "n". */
const char *elf_names__build_id(const struct elf_names *n);

/* True if symbols or DWARF are missing, which a separate debug file may have. */
bool elf_names__lacks_debug(const struct elf_names *n);

/* The name of the debug file in .gnu_debuglink; NULL if there is none. Belongs to "n". */
const char *elf_names__debug_link(const struct elf_names *n);

/* Takes names from the debug file "fd", which it takes over, if that file is of the same build: by
 * build-id if both have one; else, if "by_link", by the checksum in .gnu_debuglink. Returns 0, or
 * -ENOENT if the file is of another build; then the descriptor stays the caller's. Is to be called
 * before the first name is asked for. */
int elf_names__add_debug(struct elf_names *n, int fd, bool by_link);

/* If the DWARF goes on in a file that dwz has made: the build-id of that file, for the caller to free,
 * and in *name its name, which belongs to "n". Else NULL. */
char *elf_names__alt_link(const struct elf_names *n, const char **name);

/* Takes over the file "fd", if it is the one of elf_names__alt_link(). Returns 0, or -ENOENT if it is
 * another one; then the descriptor stays the caller's. Is to be called before the first name is asked
 * for. */
int elf_names__add_alt(struct elf_names *n, int fd);

/* The text that begins with "begins" in the read-only data of the image, up to its end or 256
 * bytes. Free it; NULL if there is none. */
char *elf_names__text(const struct elf_names *n, const char *begins);

/* What is at one place in the file. */
struct elf_place {
	uint64_t offset; /* distance from the load address; in the file if it is no ELF file */
	/* Of the byte after the place, where the call that is at the place returns to: is it the
	 * first byte of a function, before which no function ends? Can a call return there, as far
	 * as can be told? */
	bool begins_function, can_return;
};

/* Stores in *place what is at "file_offset", and appends at least one frame to *frames, innermost
 * first, with symbol, function, file, line and inlined. Returns 0 or -ENOMEM. */
int elf_names__find(struct elf_names *n, uint64_t file_offset, struct elf_place *place,
		    struct record_frames *frames);

#endif
