// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Opens an ELF image and checks its program headers once, so that later readers can rely on them.
 * Files are read, not mapped: if a mapped file were cut short, reading the mapping would raise
 * SIGBUS.
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "symbol/arch.h"
#include "symbol/image.h"

enum { SEGMENTS_MAX = 1024 };

static pthread_once_t libelf_once = PTHREAD_ONCE_INIT;

static void libelf_init(void)
{
	elf_version(EV_CURRENT);
}

static bool ends_within(uint64_t start, uint64_t len, uint64_t end)
{
	return start <= end && len <= end - start;
}

/* A segment that the kernel could not map as it is written is damage. */
static bool load_is_sane(const struct image *i, const GElf_Phdr *p)
{
	const GElf_Phdr *before = i->n ? &i->load[i->n - 1] : NULL;

	return ends_within(p->p_offset, p->p_filesz, i->size) && p->p_filesz <= p->p_memsz &&
	       ends_within(p->p_vaddr, p->p_memsz, INT64_MAX) &&
	       !((p->p_vaddr - p->p_offset) & 4095) &&
	       (!before || p->p_vaddr >= before->p_vaddr + before->p_memsz);
}

static int read_segments(struct image *i)
{
	size_t n;

	if (elf_getphdrnum(i->elf, &n) || n > SEGMENTS_MAX)
		return -EBADMSG;
	i->load = calloc(n + 1, sizeof(*i->load));
	if (!i->load)
		return -ENOMEM;
	for (size_t at = 0; at < n; at++) {
		GElf_Phdr p;

		if (!gelf_getphdr(i->elf, (int)at, &p))
			return -EBADMSG;
		if (p.p_type == PT_GNU_EH_FRAME)
			i->eh_frame_hdr = p;
		if (p.p_type != PT_LOAD)
			continue;
		if (!load_is_sane(i, &p))
			return -EBADMSG;
		i->load[i->n++] = p;
	}
	return i->n ? 0 : -ENOEXEC;
}

static int open_elf(struct image *i)
{
	GElf_Ehdr header;
	int err;

	if (!i->elf || elf_kind(i->elf) != ELF_K_ELF || !gelf_getehdr(i->elf, &header) ||
	    header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_ident[EI_DATA] != ELFDATA2LSB ||
	    header.e_machine != arch.machine ||
	    (header.e_type != ET_EXEC && header.e_type != ET_DYN))
		err = -ENOEXEC;
	else
		err = read_segments(i);
	if (err)
		image__close(i);
	return err;
}

int image__open(struct image *i, int fd)
{
	struct stat st;

	*i = (struct image){.fd = fd};
	pthread_once(&libelf_once, libelf_init);
	if (fstat(fd, &st))
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -ENOEXEC;
	i->size = (uint64_t)st.st_size;
	i->elf = elf_begin(fd, ELF_C_READ, NULL);
	return open_elf(i);
}

int image__open_memory(struct image *i, const void *memory, size_t size)
{
	*i = (struct image){.fd = -1, .memory = memory, .size = size};
	pthread_once(&libelf_once, libelf_init);
	/* elf_memory() takes a pointer to non-const, but the memory is only read. */
	i->elf = elf_memory((char *)(uintptr_t)memory, size);
	return open_elf(i);
}

void image__close(struct image *i)
{
	elf_end(i->elf);
	free(i->load);
	i->elf = NULL;
	i->load = NULL;
	i->n = 0;
}

int image__read(const struct image *i, uint64_t offset, void *buffer, size_t len)
{
	char *to = buffer;

	if (!ends_within(offset, len, i->size))
		return -EBADMSG;
	if (i->memory) {
		memcpy(to, (const char *)i->memory + offset, len);
		return 0;
	}
	while (len) {
		ssize_t got = pread(i->fd, to, len, (off_t)offset);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return got ? -errno : -EBADMSG;
		to += got;
		offset += (uint64_t)got;
		len -= (size_t)got;
	}
	return 0;
}

/* How much is searched: the read-only constants of QEMU take 10 to 20 MiB. */
enum { TEXT_PIECE = 1 << 20, TEXT_LONGEST = 256, TEXT_SEGMENT_MAX = 128 << 20 };

/* Searches one segment, in pieces that overlap by the longest text. */
static char *text_in(const struct image *i, const GElf_Phdr *p, char *piece, const char *begins)
{
	uint64_t end = p->p_filesz > TEXT_SEGMENT_MAX ? TEXT_SEGMENT_MAX : p->p_filesz;

	for (uint64_t at = 0; at < end; at += TEXT_PIECE - TEXT_LONGEST) {
		size_t len = end - at < TEXT_PIECE ? (size_t)(end - at) : TEXT_PIECE;
		const char *found;

		if (image__read(i, p->p_offset + at, piece, len))
			return NULL;
		found = memmem(piece, len, begins, strlen(begins));
		if (found) {
			size_t left = len - (size_t)(found - piece);

			left = left < TEXT_LONGEST ? left : TEXT_LONGEST;
			piece[(size_t)(found - piece) + left] = '\0';
			return strndup(found, strcspn(found, "\n"));
		}
	}
	return NULL;
}

char *image__text(const struct image *i, const char *begins)
{
	char *piece = malloc(TEXT_PIECE + 1), *text = NULL;

	for (size_t at = 0; piece && !text && at < i->n; at++)
		if (!(i->load[at].p_flags & (PF_X | PF_W)))
			text = text_in(i, &i->load[at], piece, begins);
	free(piece);
	return text;
}

const GElf_Phdr *image__load_at(const struct image *i, uint64_t address)
{
	for (size_t at = 0; at < i->n; at++)
		if (address >= i->load[at].p_vaddr &&
		    address - i->load[at].p_vaddr < i->load[at].p_filesz)
			return &i->load[at];
	return NULL;
}

bool image__executable(const struct image *i, uint64_t start, uint64_t end)
{
	for (size_t at = 0; at < i->n; at++) {
		const GElf_Phdr *p = &i->load[at];

		if (p->p_flags & PF_X && start >= p->p_vaddr && end >= start &&
		    end <= p->p_vaddr + p->p_memsz)
			return true;
	}
	return false;
}

Elf_Scn *image__section(const struct image *i, const char *name, GElf_Shdr *header)
{
	Elf_Scn *section = NULL;
	size_t names;

	if (elf_getshdrstrndx(i->elf, &names))
		return NULL;
	while ((section = elf_nextscn(i->elf, section))) {
		const char *found;

		if (!gelf_getshdr(section, header))
			return NULL;
		found = elf_strptr(i->elf, names, header->sh_name);
		if (found && !strcmp(found, name))
			return section;
	}
	return NULL;
}
