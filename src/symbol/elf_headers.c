// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Reads the headers of ELF images. Nothing in them is trusted.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "symbol/elf_file.h"
#include "symbol/elf_headers.h"

/* A QEMU and its libraries take 6.4 bytes of .eh_frame a row. */
enum { BYTES_PER_ROW = 5, ROWS_LEAST = 4096 };

static void read_loads(struct elf_headers *h, Elf *elf)
{
	GElf_Phdr ph;
	size_t n;

	if (elf_getphdrnum(elf, &n))
		return;
	for (size_t i = 0; i < n && h->nr_loads < ELF_HEADERS_LOADS_MAX; i++)
		if (gelf_getphdr(elf, (int)i, &ph) && ph.p_type == PT_LOAD && ph.p_flags & PF_X) {
			h->loads[h->nr_loads].offset = ph.p_offset;
			h->loads[h->nr_loads].vaddr = ph.p_vaddr;
			h->loads[h->nr_loads++].size = ph.p_filesz;
		}
}

/* All sections together are no larger than their file, whatever their headers say. */
static size_t guess_rows(Elf *elf, uint64_t file_size)
{
	size_t names, bytes = 0;
	GElf_Shdr sh;
	const char *name;

	if (elf_getshdrstrndx(elf, &names))
		return ROWS_LEAST;
	for (Elf_Scn *s = elf_nextscn(elf, NULL); s; s = elf_nextscn(elf, s)) {
		if (!gelf_getshdr(s, &sh))
			continue;
		name = elf_strptr(elf, names, sh.sh_name);
		if (name && (!strcmp(name, ".eh_frame") || !strcmp(name, ".debug_frame")))
			bytes += sh.sh_size < file_size - bytes ? sh.sh_size : file_size - bytes;
	}
	return ROWS_LEAST + bytes / BYTES_PER_ROW;
}

static void read_all(struct elf_headers *h, Elf *elf, uint64_t file_size)
{
	read_loads(h, elf);
	h->build_id = elf_file__build_id(elf);
	h->size_hint = guess_rows(elf, file_size);
}

int elf_headers__read(struct elf_headers *h, int fd)
{
	Elf *elf = elf_file__begin(fd);
	struct stat st;
	char byte;

	*h = (struct elf_headers){0};
	if (!elf)
		return pread(fd, &byte, 1, 0) < 0 ? -errno : -ENOEXEC;
	read_all(h, elf, fstat(fd, &st) ? 0 : (uint64_t)st.st_size);
	elf_end(elf);
	return 0;
}

int elf_headers__read_image(struct elf_headers *h, const void *image, size_t size)
{
	Elf *elf;

	*h = (struct elf_headers){0};
	elf_version(EV_CURRENT);
	/* elf_memory() takes a pointer to non-const, but the image is only read. */
	elf = elf_memory((char *)(uintptr_t)image, size);
	if (!elf || elf_kind(elf) != ELF_K_ELF) {
		elf_end(elf);
		return -ENOEXEC;
	}
	read_all(h, elf, size);
	elf_end(elf);
	return 0;
}

void elf_headers__clear(struct elf_headers *h)
{
	free(h->build_id);
	*h = (struct elf_headers){0};
}
