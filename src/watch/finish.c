// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Each pass is a function of the record and of what one part of migpop knows.
 */
#include "watch/finish.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "losses.h"
#include "symbol/chains.h"
#include "symbol/resolve.h"
#include "symbol/rules.h"
#include "vmm/vmm.h"

/* Reading what a process has mapped takes a moment: the code of more processes is not named. */
enum { OTHERS_MAX = 64 };

static bool is_target(const struct record *r, uint32_t pid)
{
	for (size_t i = 0; i < r->nr_target; i++)
		if (r->target[i].pid == pid)
			return true;
	return false;
}

/* Reads which code the processes have mapped that are no targets and populated the memory of one:
 * vhost-user daemons, workers of the kernel. Those that are gone have no names. */
static void remember_others(const struct record *r, struct resolver *resolver)
{
	uint32_t seen[OTHERS_MAX];
	size_t nr_seen = 0;

	for (size_t i = 0; i < r->nr_callsites && nr_seen < OTHERS_MAX; i++) {
		const struct record_callsite *site = &r->callsites[i];
		size_t j = 0;

		if (!(site->populated_pages | site->released_pages) || is_target(r, site->pid))
			continue;
		while (j < nr_seen && seen[j] != site->pid)
			j++;
		if (j < nr_seen)
			continue;
		seen[nr_seen++] = site->pid;
		resolver__remember(resolver, (pid_t)site->pid);
	}
}

static int name_block(struct record_backing *b, const struct target *targets, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct ram_block *block;

		if (b->place.pid && b->place.pid != (uint32_t)targets[i].pid)
			continue;
		block = ram_blocks__find(&targets[i].blocks, b->place.dev, b->place.inode,
					 b->place.start);
		if (!block)
			continue;
		b->ram_block = strdup(block->id);
		b->length_pages = block->length_pages;
		if (block->numa_node >= 0)
			b->numa_node = block->numa_node;
		return b->ram_block ? 0 : -ENOMEM;
	}
	return 0;
}

static int name_blocks(struct record *r, const struct target *targets, size_t n)
{
	int err = 0;

	for (size_t i = 0; !err && i < r->nr_backing; i++)
		err = name_block(&r->backing[i], targets, n);
	for (size_t i = 0; i < r->nr_callsites; i++)
		for (size_t k = 0; !err && k < r->callsites[i].nr_backing; k++)
			err = name_block(&r->callsites[i].backing[k], targets, n);
	return err;
}

/* The program states its version in its file. That is read now, and not while a migration begins.
 */
static int find_versions(struct record *r, struct resolver *resolver)
{
	int err = 0;

	for (size_t i = 0; !err && i < r->nr_target; i++) {
		struct record_target *t = &r->target[i];
		const struct vmm *vmm = vmm__of(t);
		char *text = vmm && vmm->version ? resolver__exe_text(resolver, (pid_t)t->pid,
								      t->exe, vmm->version)
						 : NULL;

		if (text)
			err = vmm__take_version(t, text);
		free(text);
	}
	return err;
}

int finish__record(struct record *r, struct resolver *resolver, const struct target *targets,
		   size_t n, const struct rules *rules)
{
	int err;

	remember_others(r, resolver);
	err = chains__name(r, resolver);
	if (!err)
		err = find_versions(r, resolver);
	if (!err)
		err = name_blocks(r, targets, n);
	if (!err)
		err = record__count_chain_losses(r);
	if (err)
		return err;
	record__judge_losses(r);
	record__sort(r);
	return rules ? rules__classify(rules, r) : 0;
}
