// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Functions that all readers of ELF files share. Nothing in a file is trusted.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <elfutils/libdwelf.h>

#include "symbol/elf_file.h"

/* Most bytes of a section that are read into memory. The symbols of the largest known programs take
 * 100 MiB. */
static const uint64_t section_max = 256 << 20;
static const uint64_t page_mask = 4095;

/* A build-id is a digest; 20 bytes as a rule. */
enum { ALT_ID_MAX = 64 };

Elf *elf_file__begin(int fd)
{
	Elf *elf;

	elf_version(EV_CURRENT);
	elf = elf_begin(fd, ELF_C_READ, NULL);
	if (elf && elf_kind(elf) != ELF_K_ELF) {
		elf_end(elf);
		return NULL;
	}
	return elf;
}

/* Stores the i-th program header in *out. Returns false if it is not a loadable segment. */
static bool load_segment(Elf *elf, size_t i, GElf_Phdr *out)
{
	return gelf_getphdr(elf, (int)i, out) && out->p_type == PT_LOAD;
}

static size_t count_segments(Elf *elf)
{
	size_t n = 0;

	return elf_getphdrnum(elf, &n) ? 0 : n;
}

bool elf_file__segment(Elf *elf, uint64_t offset, GElf_Phdr *out)
{
	size_t n = count_segments(elf);
	bool found = false;
	GElf_Phdr p;

	for (size_t i = 0; i < n; i++) {
		uint64_t first, size;

		if (!load_segment(elf, i, &p))
			continue;
		first = p.p_offset & ~page_mask;
		size = ((p.p_offset & page_mask) + p.p_filesz + page_mask) & ~page_mask;
		if (offset < first || offset - first >= size)
			continue;
		if (!found || p.p_flags & PF_X)
			*out = p;
		found = true;
		if (p.p_flags & PF_X)
			break;
	}
	return found;
}

uint64_t elf_file__base(Elf *elf)
{
	size_t n = count_segments(elf);
	uint64_t base = UINT64_MAX;
	GElf_Phdr p;

	for (size_t i = 0; i < n; i++)
		if (load_segment(elf, i, &p) && p.p_vaddr < base)
			base = p.p_vaddr;
	return base == UINT64_MAX ? 0 : base & ~page_mask;
}

Elf_Data *elf_file__data(Elf_Scn *section, const GElf_Shdr *header)
{
	if (header->sh_type == SHT_NOBITS || !header->sh_size || header->sh_size > section_max ||
	    header->sh_flags & SHF_COMPRESSED)
		return NULL;
	return elf_getdata(section, NULL);
}

static Elf_Scn *find_section(Elf *elf, const char *name, GElf_Shdr *header)
{
	Elf_Scn *section = NULL;
	size_t names;

	if (elf_getshdrstrndx(elf, &names))
		return NULL;
	while ((section = elf_nextscn(elf, section))) {
		const char *s = gelf_getshdr(section, header)
					? elf_strptr(elf, names, header->sh_name)
					: NULL;

		if (s && !strcmp(s, name))
			return section;
	}
	return NULL;
}

bool elf_file__has_section(Elf *elf, const char *name)
{
	GElf_Shdr header;

	return find_section(elf, name, &header) && header.sh_type != SHT_NOBITS;
}

static char *hex_of(const unsigned char *bits, size_t len)
{
	char *hex = malloc(2 * len + 1);

	for (size_t i = 0; hex && i < len; i++)
		sprintf(hex + 2 * i, "%02x", bits[i]);
	return hex;
}

char *elf_file__alt_link(Elf *elf, const char **name)
{
	GElf_Shdr header;
	Elf_Scn *section = find_section(elf, ".gnu_debugaltlink", &header);
	Elf_Data *data = section ? elf_file__data(section, &header) : NULL;
	size_t len = data ? strnlen(data->d_buf, data->d_size) : 0;

	/* The name, its NUL, and the bytes of the build-id. */
	if (!len || data->d_size - len < 2 || data->d_size - len - 1 > ALT_ID_MAX)
		return NULL;
	*name = data->d_buf;
	return hex_of((const unsigned char *)data->d_buf + len + 1, data->d_size - len - 1);
}

char *elf_file__build_id(Elf *elf)
{
	const void *bits;
	ssize_t len = dwelf_elf_gnu_build_id(elf, &bits);

	return len > 0 ? hex_of(bits, (size_t)len) : NULL;
}
