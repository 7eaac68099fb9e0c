// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Changes the pages under a patch: they are writable for a moment, never writable and executable at
 * once, and are not touched if the system would not let them become executable again. Knows no
 * instructions.
 */
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "patch.h"

/* The segment of the main program that the address "wanted" lies in, as a mapping of its file. */
struct text {
	uintptr_t wanted;
	uintptr_t begin, end;
	off_t offset; /* where "begin" lies in the file, in bytes */
};

static int find_text(struct dl_phdr_info *info, size_t size, void *opaque)
{
	struct text *text = opaque;

	(void)size;
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *ph = &info->dlpi_phdr[i];
		uintptr_t begin = info->dlpi_addr + ph->p_vaddr;

		if (ph->p_type != PT_LOAD || ph->p_flags != (PF_R | PF_X) || text->wanted < begin ||
		    text->wanted >= begin + ph->p_filesz)
			continue;
		text->begin = begin;
		text->end = begin + ph->p_filesz;
		text->offset = (off_t)ph->p_offset;
	}
	return 1; /* the main program comes first, and the libraries after it do not matter */
}

struct pages {
	char *begin;
	size_t length;
	off_t offset;
};

/* Finds the pages on which the entry of a patch lies. Returns NULL, or the reason why they cannot
 * be patched. */
static const char *pages_of(const struct patch *patch, struct pages *pages)
{
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE), entry = (uintptr_t)patch->entry;
	struct text text = {.wanted = entry};
	uintptr_t begin, end;

	dl_iterate_phdr(find_text, &text);
	if (!text.end || patch->size > text.end - entry)
		return "is not in the program's text";
	begin = entry & ~(page - 1);
	end = (entry + PATCH_CODE_MAX + page - 1) & ~(page - 1);
	if (begin < (text.begin & ~(page - 1)) || entry + PATCH_CODE_MAX > text.end)
		return "is at the edge of the program's text";
	pages->begin = (char *)begin;
	pages->length = end - begin;
	pages->offset = text.offset + (off_t)begin - (off_t)text.begin;
	return NULL;
}

/* True if the file has the same content as these pages. The file is read, because touching a
 * mapping beyond the end of the file would kill the process. */
static bool holds(int exe, const struct pages *pages)
{
	char chunk[1024];

	for (size_t at = 0; at < pages->length; at += sizeof(chunk))
		if (pread(exe, chunk, sizeof(chunk), pages->offset + (off_t)at) !=
			    (ssize_t)sizeof(chunk) ||
		    memcmp(chunk, pages->begin + at, sizeof(chunk)) != 0)
			return false;
	return true;
}

/* Opens the file that is mapped at "address" by its path in /proc/self/maps; -1 if it cannot be
 * opened. */
static int open_mapped(const void *address)
{
	FILE *maps = fopen("/proc/self/maps", "re");
	char *line = NULL;
	size_t room = 0;
	int fd = -1;

	while (maps && getline(&line, &room, maps) > 0) {
		char *path = strchr(line, '/'), *rest;
		uintptr_t begin = strtoul(line, &rest, 16);
		uintptr_t end = *rest == '-' ? strtoul(rest + 1, NULL, 16) : 0;

		if ((uintptr_t)address < begin || (uintptr_t)address >= end)
			continue;
		if (path) {
			path[strcspn(path, "\n")] = '\0';
			fd = open(path, O_RDONLY | O_CLOEXEC);
		}
		break;
	}
	free(line);
	if (maps)
		fclose(maps);
	return fd;
}

/* Opens the program's file. /proc/self/exe is the dynamic loader instead, if the loader was started
 * with the program as its argument. */
static int open_program(const struct pages *pages)
{
	int exe = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	int mapped;

	if (exe >= 0 && holds(exe, pages))
		return exe;
	mapped = open_mapped(pages->begin);
	if (mapped < 0)
		return exe;
	if (exe >= 0)
		close(exe);
	return mapped;
}

/* W^X policies (prctl(PR_SET_MDWE), SELinux's execmod) refuse one of the two changes of protection,
 * perhaps only the second. Try both on another mapping of the same page, from which nothing is
 * executed. */
static const char *rehearse(int exe, const struct pages *pages)
{
	const char *refusal = NULL;
	char *copy;

	if (!holds(exe, pages))
		return "is not what the program's file has there";
	copy = mmap(NULL, pages->length, PROT_READ | PROT_EXEC, MAP_PRIVATE, exe, pages->offset);
	if (copy == MAP_FAILED)
		return "cannot be mapped a second time";
	if (mprotect(copy, pages->length, PROT_READ | PROT_WRITE)) {
		refusal = "cannot be made writable here";
	} else {
		*(volatile char *)copy = *copy;
		if (mprotect(copy, pages->length, PROT_READ | PROT_EXEC))
			refusal = "could not be made executable again here (W^X)";
	}
	munmap(copy, pages->length);
	return refusal;
}

/* Puts the original code back by mapping the file again, which no policy refuses. */
static void restore(int exe, const struct pages *pages)
{
	if (mmap(pages->begin, pages->length, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_FIXED, exe,
		 pages->offset) == MAP_FAILED)
		__builtin_trap(); /* the program could not go on without its code */
}

static const char *write_patch(int exe, const struct patch *patch, const struct pages *pages)
{
	if (mprotect(pages->begin, pages->length, PROT_READ | PROT_WRITE))
		return "cannot be made writable";
	patch_encode(patch->entry, patch->replacement);
	if (!mprotect(pages->begin, pages->length, PROT_READ | PROT_EXEC))
		return NULL;
	restore(exe, pages);
	return "could not be made executable again";
}

static const char *apply(int exe, const struct patch *patches, size_t count, size_t *refused)
{
	struct pages pages;
	const char *refusal;

	for (size_t i = 0; i < count; i++) {
		*refused = i;
		refusal = pages_of(&patches[i], &pages);
		if (!refusal)
			refusal = patch_refusal(patches[i].entry, patches[i].size);
		if (!refusal)
			refusal = rehearse(exe, &pages);
		if (refusal)
			return refusal;
	}
	for (size_t i = 0; i < count; i++) {
		*refused = i;
		pages_of(&patches[i], &pages);
		refusal = write_patch(exe, &patches[i], &pages);
		if (!refusal)
			continue;
		while (i--) {
			pages_of(&patches[i], &pages);
			restore(exe, &pages);
		}
		return refusal;
	}
	return NULL;
}

const char *patch_apply(const struct patch *patches, size_t count, size_t *refused)
{
	struct pages pages;
	const char *refusal;
	int exe;

	*refused = 0;
	if (!count)
		return NULL;
	refusal = pages_of(&patches[0], &pages);
	if (refusal)
		return refusal;
	exe = open_program(&pages);
	if (exe < 0)
		return "cannot be compared with the program's file";
	refusal = apply(exe, patches, count, refused);
	close(exe);
	return refusal;
}
