// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Maps libraries as the dynamic loader would if their headers were those of another file, and calls
 * them: the code of damaged ones is intact, their headers are not.
 *
 *	damaged GOOD OFFSET LIBRARY…
 *
 * OFFSET is that of victim() in them. All are mapped when "ready" is printed; a line on stdin lets
 *it go on. Prints "pages N" and, of each library, "mapped START END PATH".
 */
#include <elf.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "chain.h"

typedef void (*victim_fn)(volatile char *page, void (*callback)(size_t));

static unsigned char good[1 << 16];

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static void read_good(const char *path)
{
	FILE *f = fopen(path, "re");

	if (!f || fread(good, 1, sizeof(good), f) < sizeof(Elf64_Ehdr))
		die(path);
	fclose(f);
}

static char *map(const char *path)
{
	const Elf64_Ehdr *header = (const void *)good;
	const Elf64_Phdr *segments = (const void *)(good + header->e_phoff);
	const char *cut = strstr(path, "-cut-");
	int fd = open(path, O_RDWR | O_CLOEXEC);
	size_t length = 0;
	char *base;

	for (size_t i = 0; i < header->e_phnum; i++)
		if (segments[i].p_type == PT_LOAD)
			length = segments[i].p_vaddr + segments[i].p_memsz;
	base = mmap(NULL, length, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (fd < 0 || base == MAP_FAILED)
		die(path);
	for (size_t i = 0; i < header->e_phnum; i++) {
		const Elf64_Phdr *s = segments + i;
		size_t before = s->p_vaddr % CHAIN_PAGE;
		int executable = s->p_flags & PF_X ? PROT_EXEC : 0;

		if (s->p_type == PT_LOAD &&
		    mmap(base + s->p_vaddr - before, s->p_filesz + before, PROT_READ | executable,
			 MAP_PRIVATE | MAP_FIXED, fd, (off_t)(s->p_offset - before)) == MAP_FAILED)
			die(path);
	}
	if (cut && ftruncate(fd, atol(cut + strlen("-cut-"))))
		die(path);
	close(fd);
	printf("mapped %lu %lu %s\n", (unsigned long)(uintptr_t)base,
	       (unsigned long)(uintptr_t)base + length, path);
	return base;
}

/* Leaves its return addresses below where the libraries have their frames. */
static SHAPE void litter(int levels)
{
	if (levels)
		litter(levels - 1);
	STAYS;
}

/* One call for all, so that their chains differ in nothing but the library. */
static SHAPE void call(char *const *bases, size_t n, size_t offset)
{
	for (size_t i = 0; i < n; i++) {
		char *address = bases[i] + offset;
		victim_fn victim;

		litter(100);
		memcpy(&victim, &address, sizeof(victim));
		victim(chain__fresh(1), touch);
	}
	STAYS;
}

int main(int argc, char **argv)
{
	size_t offset = argc > 3 ? strtoul(argv[2], NULL, 16) : 0;
	size_t n = offset ? (size_t)argc - 3 : 0;
	char **bases = calloc(n + 1, sizeof(*bases));
	char line[16];

	if (!n || !bases) {
		fputs("usage: damaged GOOD OFFSET LIBRARY...\n", stderr);
		return 2;
	}
	read_good(argv[1]);
	for (size_t i = 0; i < n; i++)
		bases[i] = map(argv[3 + i]);
	puts("ready");
	fflush(stdout);
	if (!fgets(line, sizeof(line), stdin))
		return 1;
	call(bases, n, offset);
	printf("pages %ld\n", chain__populated());
	return chain__done();
}
