// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Finds functions, inlined functions and lines of the source in the DWARF of an ELF file. Nothing
 * in the file is trusted: every loop has a limit.
 */
#include <dwarf.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <elfutils/libdw.h>

#include "array.h"
#include "record.h"
#include "symbol/elf_file.h"
#include "symbol/source.h"

enum {
	SPANS_MAX = 1 << 22, /* Chromium has a million */
	STEPS_MAX = 1 << 22, /* most DWARF entries that are looked at for one answer */
	NESTING_MAX = 64,    /* most scopes inside a function, and most name spaces around it */
};

/* A range of addresses that belongs to a compilation unit, or to a function. */
struct span {
	uint64_t start, end;
	Dwarf_Off die;
};

struct spans {
	struct span *v; /* sorted by start after sort() */
	size_t n;
};

struct unit {
	Dwarf_Off die;
	struct spans functions;
};

struct source {
	Elf *elf, *alt_elf;
	Dwarf *dwarf, *alt;
	struct spans units;
	struct unit *v; /* the units that were asked for so far */
	size_t n;
	unsigned int steps; /* how many steps are left for this answer */
	int err;
};

static bool step(struct source *s)
{
	return s->steps && s->steps-- && !s->err;
}

static void add_span(struct source *s, struct spans *spans, const struct span *span)
{
	struct span *more = NULL;

	if (spans->n < SPANS_MAX)
		more = array__grow(spans->v, spans->n, sizeof(*more));
	if (!more) {
		s->err = spans->n < SPANS_MAX ? -ENOMEM : -E2BIG;
		return;
	}
	spans->v = more;
	spans->v[spans->n++] = *span;
}

static void add_ranges(struct source *s, struct spans *spans, Dwarf_Die *die)
{
	struct span span = {.die = dwarf_dieoffset(die)};
	Dwarf_Addr base = 0, start, end;
	ptrdiff_t at = 0;

	while (step(s) && (at = dwarf_ranges(die, at, &base, &start, &end)) > 0) {
		span.start = start;
		span.end = end;
		/* The linker leaves address 0 for functions that it dropped. */
		if (start && start < end)
			add_span(s, spans, &span);
	}
}

static int compare(const void *a, const void *b)
{
	const struct span *x = a, *y = b;

	return (x->start > y->start) - (x->start < y->start);
}

static void sort(struct spans *spans)
{
	if (spans->n)
		qsort(spans->v, spans->n, sizeof(*spans->v), compare);
}

static const struct span *find(const struct spans *spans, uint64_t address)
{
	size_t low = 0, high = spans->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (spans->v[middle].start <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low && address < spans->v[low - 1].end ? &spans->v[low - 1] : NULL;
}

/* Clang and rustc write no .debug_aranges, so the addresses are read from the units themselves. */
static void read_units(struct source *s)
{
	Dwarf_Off at = 0, next;
	size_t header;
	Dwarf_Die die;

	s->steps = STEPS_MAX;
	while (step(s) && !dwarf_nextcu(s->dwarf, at, &next, &header, NULL, NULL, NULL) &&
	       next > at) {
		if (dwarf_offdie(s->dwarf, at + header, &die))
			add_ranges(s, &s->units, &die);
		at = next;
	}
	sort(&s->units);
}

struct source *source__open(int fd, int alt_fd)
{
	struct source *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	/* dwarf_begin() would map the file. */
	s->elf = elf_file__begin(fd);
	s->dwarf = s->elf ? dwarf_begin_elf(s->elf, DWARF_C_READ, NULL) : NULL;
	s->alt_elf = s->dwarf && alt_fd >= 0 ? elf_file__begin(alt_fd) : NULL;
	s->alt = s->alt_elf ? dwarf_begin_elf(s->alt_elf, DWARF_C_READ, NULL) : NULL;
	if (s->alt)
		dwarf_setalt(s->dwarf, s->alt);
	if (s->dwarf)
		read_units(s);
	if (!s->units.n) {
		source__close(s);
		return NULL;
	}
	return s;
}

void source__close(struct source *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->n; i++)
		free(s->v[i].functions.v);
	free(s->v);
	free(s->units.v);
	dwarf_end(s->dwarf);
	dwarf_end(s->alt);
	elf_end(s->elf);
	elf_end(s->alt_elf);
	free(s);
}

/* Adds the functions below "parent", including those in name spaces and classes. */
static void read_functions(struct source *s, struct spans *functions, Dwarf_Die *parent, int depth)
{
	Dwarf_Die die;

	if (depth == NESTING_MAX || dwarf_child(parent, &die))
		return;
	do {
		switch (dwarf_tag(&die)) {
		case DW_TAG_subprogram:
			add_ranges(s, functions, &die);
			break;
		case DW_TAG_namespace:
		case DW_TAG_module:
		case DW_TAG_class_type:
		case DW_TAG_structure_type:
		case DW_TAG_union_type:
		case DW_TAG_enumeration_type:
			read_functions(s, functions, &die, depth + 1);
			break;
		}
	} while (step(s) && !dwarf_siblingof(&die, &die));
}

static struct unit *find_unit(struct source *s, uint64_t address)
{
	const struct span *span = find(&s->units, address);
	Dwarf_Die die;
	void *more;

	if (!span)
		return NULL;
	for (size_t i = 0; i < s->n; i++)
		if (s->v[i].die == span->die)
			return &s->v[i];
	more = array__grow(s->v, s->n, sizeof(*s->v));
	if (!more) {
		s->err = -ENOMEM;
		return NULL;
	}
	s->v = more;
	s->v[s->n] = (struct unit){.die = span->die};
	if (dwarf_offdie(s->dwarf, span->die, &die))
		read_functions(s, &s->v[s->n].functions, &die, 0);
	sort(&s->v[s->n].functions);
	return &s->v[s->n++];
}

/* Finds the scope inside "parent" that contains "address", and stores it in *out. */
static bool find_scope(struct source *s, Dwarf_Die *parent, uint64_t address, Dwarf_Die *out)
{
	if (dwarf_child(parent, out))
		return false;
	do {
		switch (dwarf_tag(out)) {
		case DW_TAG_inlined_subroutine:
		case DW_TAG_lexical_block:
		case DW_TAG_try_block:
		case DW_TAG_catch_block:
			if (dwarf_haspc(out, address) > 0)
				return true;
		}
	} while (step(s) && !dwarf_siblingof(out, out));
	return false;
}

static const char *name_of(Dwarf_Die *die)
{
	Dwarf_Attribute attribute;
	const char *name;

	name = dwarf_formstring(dwarf_attr_integrate(die, DW_AT_linkage_name, &attribute));
	return name ? name : dwarf_formstring(dwarf_attr_integrate(die, DW_AT_name, &attribute));
}

static Dwarf_Word number_of(Dwarf_Die *die, unsigned int name)
{
	Dwarf_Attribute attribute;
	Dwarf_Word value;

	return dwarf_formudata(dwarf_attr(die, name, &attribute), &value) ? 0 : value;
}

struct line {
	const char *file;
	uint32_t line;
};

static struct line line_at(Dwarf_Die *unit, uint64_t address)
{
	Dwarf_Line *found = dwarf_getsrc_die(unit, address);
	int line;

	if (!found || dwarf_lineno(found, &line) || line <= 0)
		return (struct line){0};
	return (struct line){dwarf_linesrc(found, NULL, NULL), (uint32_t)line};
}

/* The line that calls the inlined function "die". */
static struct line line_of_call(Dwarf_Die *unit, Dwarf_Die *die)
{
	Dwarf_Files *files;
	size_t n;

	if (dwarf_getsrcfiles(unit, &files, &n))
		return (struct line){0};
	return (struct line){dwarf_filesrc(files, number_of(die, DW_AT_call_file), NULL, NULL),
			     (uint32_t)number_of(die, DW_AT_call_line)};
}

static int add_frame(struct record_frames *frames, const char *name, struct line at, bool inlined)
{
	struct record_frame *f = record_frames__add(frames);

	if (!f)
		return -ENOMEM;
	f->function = name ? strdup(name) : NULL;
	f->file = at.file ? strdup(at.file) : NULL;
	f->line = at.file ? at.line : 0;
	f->inlined = inlined;
	return (name && !f->function) || (at.file && !f->file) ? -ENOMEM : 0;
}

int source__find(struct source *s, uint64_t address, struct record_frames *frames)
{
	Dwarf_Die unit_die, scopes[NESTING_MAX];
	const struct span *function;
	struct unit *unit;
	struct line at;
	int n = 1, err = 0;

	s->steps = STEPS_MAX;
	s->err = 0;
	unit = find_unit(s, address);
	if (!unit || !dwarf_offdie(s->dwarf, unit->die, &unit_die))
		return s->err == -ENOMEM ? -ENOMEM : 0;
	at = line_at(&unit_die, address);
	function = find(&unit->functions, address);
	if (!function || !dwarf_offdie(s->dwarf, function->die, &scopes[0]))
		return at.file ? add_frame(frames, NULL, at, false) : 0;
	while (n < NESTING_MAX && find_scope(s, &scopes[n - 1], address, &scopes[n]))
		n++;
	while (!err && --n > 0) {
		if (dwarf_tag(&scopes[n]) != DW_TAG_inlined_subroutine)
			continue;
		err = add_frame(frames, name_of(&scopes[n]), at, true);
		at = line_of_call(&unit_die, &scopes[n]);
	}
	return err ? err : add_frame(frames, name_of(&scopes[0]), at, false);
}
