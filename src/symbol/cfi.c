// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Turns the call frame information of one ELF image into rows and function ranges. cfi_section
 * finds the frame descriptions, cfi_program runs each of them into rows.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "shared/row.h"
#include "symbol/arch.h"
#include "symbol/cfi.h"
#include "symbol/cfi_section.h"
#include "symbol/image.h"

static int add_rows(struct cfi_rows *rows, const struct cfi_section *s)
{
	int err = 0;

	if (s->fde[s->n_fde - 1].end - rows->base > UINT32_MAX)
		return -EOVERFLOW;
	for (size_t i = 0; !err && i < s->n_fde; i++) {
		const struct cfi_fde *f = &s->fde[i];

		err = cfi_program__run(rows, &s->cie[f->cie].common, f->start, f->end,
				       s->bytes + f->program, s->bytes + f->limit);
	}
	if (!err)
		cfi_rows__end(rows);
	return err;
}

/* Marks the entry point as the end of every chain, because it has no caller. The entry point of the
 * dynamic linker is assembly without a frame description: without this row, chains that reach it
 * would be counted as chains that broke off. */
static int end_at_entry(struct cfi_rows *rows, const struct image *image)
{
	const uint32_t rule = UNWIND_RULE(UNWIND_END, UNWIND_BP_SAME, 0);
	struct unwind_row *more;
	GElf_Ehdr header;
	uint64_t pc;
	size_t i = 0;

	if (!gelf_getehdr(image->elf, &header) || !header.e_entry ||
	    !image__executable(image, header.e_entry, header.e_entry + 1))
		return 0;
	pc = header.e_entry - rows->base;
	while (i < rows->n && rows->v[i].pc <= pc)
		i++;
	if (i == rows->n || (i && UNWIND_KIND(rows->v[i - 1].rule) != UNWIND_NONE))
		return 0;
	if (i && rows->v[i - 1].pc == pc) {
		rows->v[i - 1].rule = rule;
		return 0;
	}
	more = realloc(rows->v, (rows->n + 1) * sizeof(*more));
	if (!more)
		return -ENOMEM;
	rows->v = more;
	memmove(&more[i + 1], &more[i], (rows->n++ - i) * sizeof(*more));
	more[i] = (struct unwind_row){.pc = (uint32_t)pc, .rule = rule};
	return 0;
}

/* Adds the row of a vDSO without call frame information: it covers the instructions that signal
 * handlers return to. The row begins one instruction earlier, for callers that look up the address
 * before a return address. Only architectures with instructions of four bytes have such a vDSO. */
static int add_trampoline(struct cfi_rows *rows, const struct image *image)
{
	const GElf_Phdr *load = &image->load[0];
	const char *start, *found;
	uint32_t pc;

	if (!arch.sigreturn || !image->memory || !(load->p_flags & PF_X))
		return -ENOENT;
	start = (const char *)image->memory + load->p_offset;
	found = memmem(start, load->p_filesz, arch.sigreturn, arch.sigreturn_len);
	if (!found || found - start < 4)
		return -ENOENT;
	rows->v = malloc(2 * sizeof(*rows->v));
	if (!rows->v)
		return -ENOMEM;
	pc = (uint32_t)(load->p_vaddr + (uint64_t)(found - start) - rows->base);
	rows->v[rows->n++] = (struct unwind_row){pc - 4, UNWIND_RULE(UNWIND_SIGNAL, 0, 0)};
	rows->v[rows->n++] = (struct unwind_row){pc + (uint32_t)arch.sigreturn_len,
						 UNWIND_RULE(UNWIND_NONE, 0, 0)};
	return 0;
}

static int read_table(const struct image *image, struct cfi_table *out)
{
	struct cfi_rows rows = {.base = image->load[0].p_vaddr & ~(uint64_t)4095};
	struct cfi_section section;
	int err = cfi_section__read(&section, image);

	err = err == -ENOENT ? add_trampoline(&rows, image) : err ? err : add_rows(&rows, &section);
	cfi_section__free(&section);
	err = err ? err : end_at_entry(&rows, image);
	if (err) {
		free(rows.v);
		return err;
	}
	out->rows = realloc(rows.v, rows.n * sizeof(*rows.v));
	if (!out->rows)
		out->rows = rows.v;
	out->n = rows.n;
	out->base = rows.base;
	out->unsupported = rows.unsupported;
	return 0;
}

int cfi__read(int fd, struct cfi_table *out)
{
	struct image image;
	int err = image__open(&image, fd);

	*out = (struct cfi_table){0};
	if (err)
		return err;
	err = read_table(&image, out);
	image__close(&image);
	return err;
}

int cfi__read_image(const void *memory, size_t size, struct cfi_table *out)
{
	struct image image;
	int err = image__open_memory(&image, memory, size);

	*out = (struct cfi_table){0};
	if (err)
		return err;
	err = read_table(&image, out);
	image__close(&image);
	return err;
}

void cfi__free(struct cfi_table *t)
{
	free(t->rows);
	*t = (struct cfi_table){0};
}

static int read_ranges(const struct image *image, struct cfi_ranges *out)
{
	struct cfi_section section;
	int err = cfi_section__read(&section, image);

	if (!err) {
		out->v = malloc(section.n_fde * sizeof(*out->v));
		err = out->v ? 0 : -ENOMEM;
	}
	for (size_t i = 0; !err && i < section.n_fde; i++)
		out->v[out->n++] = (struct cfi_range){section.fde[i].start, section.fde[i].end};
	cfi_section__free(&section);
	return err;
}

int cfi__read_ranges(int fd, struct cfi_ranges *out)
{
	struct image image;
	int err = image__open(&image, fd);

	*out = (struct cfi_ranges){0};
	if (err)
		return err;
	err = read_ranges(&image, out);
	image__close(&image);
	return err;
}

int cfi__read_ranges_image(const void *memory, size_t size, struct cfi_ranges *out)
{
	struct image image;
	int err = image__open_memory(&image, memory, size);

	*out = (struct cfi_ranges){0};
	if (err)
		return err;
	err = read_ranges(&image, out);
	image__close(&image);
	return err;
}

void cfi__free_ranges(struct cfi_ranges *r)
{
	free(r->v);
	*r = (struct cfi_ranges){0};
}

const struct cfi_range *cfi_ranges__at_or_below(const struct cfi_ranges *r, uint64_t address)
{
	size_t low = 0, high = r->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (r->v[middle].start <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low ? &r->v[low - 1] : NULL;
}

const struct cfi_range *cfi_ranges__find(const struct cfi_ranges *r, uint64_t address)
{
	const struct cfi_range *range = cfi_ranges__at_or_below(r, address);

	return range && address < range->end ? range : NULL;
}
