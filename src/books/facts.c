// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Looks up facts by their numbers.
 */
#include "books/facts.h"

#include <stdlib.h>

static int compare_chain(const void *key, const void *row)
{
	s32 number = *(const s32 *)key, of_row = ((const struct chain_row *)row)->number;

	return (number > of_row) - (number < of_row);
}

static int compare_name(const void *key, const void *row)
{
	u32 tid = *(const u32 *)key, of_row = ((const struct thread_name *)row)->tid;

	return (tid > of_row) - (tid < of_row);
}

const struct chain *facts__chain(const struct facts *f, s32 number)
{
	const struct chain_row *row = NULL;

	if (f->nr_chains)
		row = bsearch(&number, f->chains, f->nr_chains, sizeof(*row), compare_chain);
	return row ? &row->chain : NULL;
}

const char *facts__thread_name(const struct facts *f, u32 tid)
{
	const struct thread_name *row = NULL;

	if (f->nr_names)
		row = bsearch(&tid, f->names, f->nr_names, sizeof(*row), compare_name);
	return row ? row->comm : NULL;
}

bool facts__is_target(const struct facts *f, u32 pid)
{
	for (size_t i = 0; i < f->nr_targets; i++)
		if (f->targets[i].pid == pid)
			return true;
	return false;
}
