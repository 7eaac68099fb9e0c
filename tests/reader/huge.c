// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * huge symbols|inflate FILE: makes an ELF file hard to read, and leaves it as easy to load as it was.
 * "symbols" gives it a table of eleven million functions, whose names lie in the table itself.
 * "inflate" has each compressed section say that it is 8 GiB long.
 */
#include <elf.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SYMBOLS = 11100000, PIECE = 100000 };

static int fd;

static void check(const char *what, int ok)
{
	if (ok)
		return;
	perror(what);
	exit(1);
}

static void read_at(off_t at, void *to, size_t size)
{
	check("read", pread(fd, to, size, at) == (ssize_t)size);
}

static void write_at(off_t at, const void *from, size_t size)
{
	check("write", pwrite(fd, from, size, at) == (ssize_t)size);
}

static void inflate(const Elf64_Ehdr *header)
{
	int any = 0;

	for (int i = 0; i < header->e_shnum; i++) {
		Elf64_Shdr section;
		Elf64_Chdr c;

		read_at((off_t)(header->e_shoff + (size_t)i * sizeof(section)), &section,
			sizeof(section));
		if (!(section.sh_flags & SHF_COMPRESSED))
			continue;
		read_at((off_t)section.sh_offset, &c, sizeof(c));
		c.ch_size = UINT64_C(8) << 30;
		write_at((off_t)section.sh_offset, &c, sizeof(c));
		any = 1;
	}
	check("no section is compressed", any);
}

static void write_symbols(off_t at)
{
	Elf64_Sym *v = calloc(PIECE, sizeof(*v));

	check("calloc", !!v);
	for (size_t i = 0; i < SYMBOLS; i++) {
		v[i % PIECE] = (Elf64_Sym){.st_name = offsetof(Elf64_Sym, st_info),
					   .st_info = ELF64_ST_INFO(STB_GLOBAL, STT_FUNC),
					   .st_shndx = 1,
					   .st_value = 0x1000 + i,
					   .st_size = 1};
		if (i % PIECE == PIECE - 1)
			write_at(at + (off_t)((i - PIECE + 1) * sizeof(*v)), v, PIECE * sizeof(*v));
	}
	free(v);
}

/* The table and the headers of the new sections follow what is in the file. */
static void add_symbols(Elf64_Ehdr *header, off_t end)
{
	off_t at = (end + 63) & ~(off_t)63;
	size_t size = (size_t)SYMBOLS * sizeof(Elf64_Sym);
	Elf64_Shdr v[4] = {{0}};

	v[1] = (Elf64_Shdr){.sh_type = SHT_PROGBITS, .sh_flags = SHF_ALLOC | SHF_EXECINSTR};
	v[2] = (Elf64_Shdr){.sh_type = SHT_STRTAB, .sh_offset = (size_t)at, .sh_size = size};
	v[3] = (Elf64_Shdr){.sh_type = SHT_SYMTAB,
			    .sh_offset = (size_t)at,
			    .sh_size = size,
			    .sh_link = 2,
			    .sh_entsize = sizeof(Elf64_Sym)};
	write_symbols(at);
	header->e_shoff = (size_t)at + size;
	header->e_shnum = 4;
	header->e_shstrndx = 2;
	write_at((off_t)header->e_shoff, v, sizeof(v));
	write_at(0, header, sizeof(*header));
}

int main(int argc, char **argv)
{
	Elf64_Ehdr header;
	struct stat st;

	if (argc != 3)
		return 2;
	fd = open(argv[2], O_RDWR | O_CLOEXEC);
	check(argv[2], fd >= 0 && !fstat(fd, &st));
	read_at(0, &header, sizeof(header));
	if (!strcmp(argv[1], "inflate"))
		inflate(&header);
	else
		add_symbols(&header, st.st_size);
	return 0;
}
