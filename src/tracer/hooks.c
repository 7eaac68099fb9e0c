// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Attaches each program alone, and keeps what the kernel says.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <bpf/btf.h>
#include <bpf/libbpf.h>

#include "probe/probe.h"
#include "tracer/hooks.h"
#include "tracer/libbpf_log.h"
#include "tracer/object.h"
#include "tracer/skeleton.h"

static struct bpf_program *load_alone(struct migpop_bpf *skel, const char *name, int *err)
{
	struct bpf_program *prog, *wanted = NULL;

	bpf_object__for_each_program(prog, skel->obj)
	{
		bool it = !strcmp(bpf_program__name(prog), name);

		bpf_program__set_autoload(prog, it);
		if (it)
			wanted = prog;
	}
	*err = migpop_bpf__load(skel);
	return wanted;
}

/* Loads and attaches the program "name". If the program needs a member of a structure that the
 * kernel does not have, h->why names the member. */
static int try_program(const char *name, const struct btf *kernel, struct hook *h)
{
	struct migpop_bpf *skel = object__open(kernel);
	struct bpf_program *prog;
	struct bpf_link *link = NULL;
	const char *because;
	int err;

	if (!skel)
		return -errno;
	prog = load_alone(skel, name, &err);
	if (err) {
		libbpf_log__member(skel->obj, kernel, h->why, sizeof(h->why));
	} else if (prog && program__has_hook(prog)) {
		link = program__attach(prog, &err);
		because = link ? NULL : program__why_not_attached(prog, err);
		if (because)
			snprintf(h->why, sizeof(h->why), "not permitted: %s", because);
	}
	bpf_link__destroy(link);
	migpop_bpf__destroy(skel);
	return err;
}

static struct hook *find(struct hook *hooks, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(hooks[i].name, name))
			return &hooks[i];
	return NULL;
}

static void describe(struct hook *h, const struct bpf_program *prog)
{
	memset(h, 0, sizeof(*h));
	snprintf(h->name, sizeof(h->name), "%s", bpf_program__section_name(prog));
	h->mode = program__mode(prog);
	h->optional = program__is_optional(prog);
}

int hooks__try(struct hook *hooks, size_t max)
{
	struct btf *kernel = probe__kernel_types();
	struct migpop_bpf *skel = object__open(kernel);
	int err = skel ? 0 : -errno;
	struct bpf_program *prog;
	size_t n = 0;

	if (err) {
		btf__free(kernel);
		return err;
	}
	bpf_object__for_each_program(prog, skel->obj)
	{
		/* Several programs can be at one hook. */
		struct hook *h = find(hooks, n, bpf_program__section_name(prog));

		/* A classic program stands in for a typed one, which is tried itself. */
		if (program__is_classic(prog) || prog == skel->progs.vmemmap__find)
			continue;
		if (!h && n == max)
			break;
		if (!h) {
			h = &hooks[n++];
			describe(h, prog);
		}
		if (!h->error)
			h->error = program__finds_tracepoint(prog, kernel)
					   ? try_program(bpf_program__name(prog), kernel, h)
					   : -ENOENT;
	}
	btf__free(kernel);
	migpop_bpf__destroy(skel);
	return (int)n;
}
