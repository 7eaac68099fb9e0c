// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The life of a tracer: the programs of a mode are loaded and attached, targets are entered,
 * counting begins and ends. Counters are read in counters.c.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>

#include "probe/probe.h"
#include "proc/system.h"
#include "tracer/libbpf_log.h"
#include "tracer/tracer.h"
#include "tracer/tracer_internal.h"

void tracer__set_verbose(bool verbose)
{
	libbpf_log__set_verbose(verbose);
}

/* Is the program one of those that this mode is made of, on this kernel? */
static bool program__is_wanted(const struct tracer *t, const struct bpf_program *prog,
			       enum mode mode, const struct tracer_options *options,
			       const struct btf *kernel)
{
	enum mode of = program__mode(prog);

	if (program__is_for_windows(prog) && !options->windowed)
		return false;
	if (program__is_optional(prog) && !program__finds_tracepoint(prog, kernel))
		return false;
	if (prog == t->skel->progs.vmemmap__find || program__is_classic(prog))
		return t->classic;
	if (t->classic && program__is_replaced(prog, t->skel->obj))
		return false;
	if (of == MODE_TRACEPOINT && t->skel->rodata->faults_by_tracepoint)
		return true;
	return of == MODE_AUTO || of == mode;
}

/* Attaches those that stay while the tracer rests, or the others. */
static int attach_programs(struct tracer *t, bool resting, char *why, size_t size)
{
	struct bpf_program *prog;

	bpf_object__for_each_program(prog, t->skel->obj)
	{
		const char *because;
		struct bpf_link *link;
		int err;

		if (!bpf_program__autoload(prog) || !program__has_hook(prog) ||
		    prog == t->skel->progs.vmemmap__find || program__rests(prog) != resting)
			continue;
		link = program__attach(prog, &err);
		if (!link) {
			because = program__why_not_attached(prog, err);
			snprintf(why, size, "cannot attach %s: %s%s%s",
				 bpf_program__section_name(prog), strerror(-err),
				 because ? ": " : "", because ? because : "");
			return err;
		}
		t->links[t->nr_links++] = link;
	}
	return 0;
}

static void detach_down_to(struct tracer *t, size_t n)
{
	while (t->nr_links > n)
		bpf_link__destroy(t->links[--t->nr_links]);
}

/* Chooses the programs of "mode", and sets what must be known before they are loaded. */
static void configure(struct tracer *t, enum mode mode, const struct tracer_options *options,
		      const struct btf *kernel)
{
	struct migpop_bpf *skel = t->skel;
	struct bpf_program *prog;

	skel->rodata->faults_by_tracepoint = t->classic && mode == MODE_FENTRY &&
					     probe__has_tracepoint(kernel, "page_fault_user");
	bpf_object__for_each_program(prog, skel->obj)
	{
		bpf_program__set_autoload(prog, program__is_wanted(t, prog, mode, options, kernel));
	}
	skel->rodata->follow_children = options->follow_children;
	skel->rodata->windowed = options->windowed;
	skel->rodata->arm_started = options->arm_started;
	skel->rodata->stack_kind = options->stack;
	skel->rodata->nr_cpus = (u32)libbpf_num_possible_cpus();
	tracer__name_programs(t);
	if (options->max_sites)
		bpf_map__set_max_entries(skel->maps.sites, options->max_sites);
	tracer__size_unwinding(t, options);
}

/* Tells the loaded programs what they need to know of this host, before they are attached. */
static int prepare(struct tracer *t, const struct tracer_options *options, char *why, size_t size)
{
	struct migpop_bpf *skel = t->skel;
	int err;

	skel->bss->swap_in_use = proc__has_swap();
	skel->bss->huge_always = proc__huge_always();
	skel->bss->closed = !options->windowed; /* until tracer__begin() */
	skel->bss->tells_holes = bpf_program__autoload(skel->progs.common__block_bio_queue);
	err = program__run(skel->progs.edge__learn_cpus, 0, 0);
	if (err) {
		snprintf(why, size, "cannot run a BPF program: %s", strerror(-err));
		return err;
	}
	err = tracer__name_threads(t);
	if (err) {
		snprintf(why, size, "cannot name threads to the BPF programs: %s", strerror(-err));
		return err;
	}
	return t->classic ? tracer__find_vmemmap(t, why, size) : 0;
}

static int load(struct tracer *t, const struct btf *kernel, char *why, size_t size)
{
	int err = migpop_bpf__load(t->skel);
	char said[256];

	if (!err)
		return 0;
	libbpf_log__why(t->skel->obj, kernel, said, sizeof(said));
	snprintf(why, size, "cannot load the BPF programs: %s%s%s", strerror(-err),
		 *said ? ": " : "", said);
	return err;
}

static int open_mode(struct tracer *t, enum mode mode, const struct tracer_options *options,
		     const struct btf *kernel, char *why, size_t size)
{
	int err;

	t->skel = object__open(kernel);
	if (!t->skel) {
		err = -errno;
		snprintf(why, size, "cannot open the BPF object: %s", strerror(-err));
		return err;
	}
	configure(t, mode, options, kernel);
	err = load(t, kernel, why, size);
	if (!err)
		err = prepare(t, options, why, size);
	if (!err)
		err = attach_programs(t, true, why, size);
	t->nr_resting_links = t->nr_links;
	/* A tracer that rests attaches all programs once, too: only a trial tells whether it may. */
	if (!err)
		err = attach_programs(t, false, why, size);
	if (err) {
		tracer__detach(t);
		return err;
	}
	t->skel->bss->awake = 1;
	t->mode = mode;
	if (options->rests)
		tracer__rest(t);
	return 0;
}

void tracer__detach(struct tracer *t)
{
	tracer__unmap_unwinding(t);
	ring_buffer__free(t->window_events);
	t->window_events = NULL;
	detach_down_to(t, 0);
	migpop_bpf__destroy(t->skel);
	t->skel = NULL;
}

int tracer__wake(struct tracer *t, char *why, size_t size)
{
	int err;

	if (t->skel->bss->awake)
		return 0;
	err = attach_programs(t, false, why, size);
	if (err) {
		detach_down_to(t, t->nr_resting_links);
		return err;
	}
	t->skel->bss->swap_in_use = proc__has_swap();
	t->skel->bss->huge_always = proc__huge_always();
	__atomic_store_n(&t->skel->bss->awake, 1, __ATOMIC_SEQ_CST);
	/* Whoever came to share the targets' memory meanwhile. */
	return tracer__enter_memory(t);
}

int tracer__rest(struct tracer *t)
{
	__atomic_store_n(&t->skel->bss->awake, 0, __ATOMIC_SEQ_CST);
	/* A grace period: whatever saw it awake has opened its window. */
	if (grace__wait(&t->grace) || tracer__has_open_window(t)) {
		__atomic_store_n(&t->skel->bss->awake, 1, __ATOMIC_SEQ_CST);
		return -EBUSY;
	}
	detach_down_to(t, t->nr_resting_links);
	return 0;
}

/* The mode that was asked for, or the first that attaches. */
static int open_modes(struct tracer *t, const struct tracer_options *options, char *why,
		      size_t size)
{
	enum mode mode = options->mode, last = options->mode;
	struct btf *kernel;
	int err;

	libbpf_log__begin();
	kernel = probe__kernel_types();
	if (!kernel) {
		snprintf(why, size, "cannot read the kernel's types (BTF): %s", strerror(errno));
		return -ENOENT;
	}
	if (options->mode == MODE_AUTO) {
		mode = probe__mode(kernel);
		last = MODE_TRACEPOINT;
	}
	t->preempted = probe__preempts_programs(kernel);
	t->classic = t->preempted && !probe__why_no_classic_tracepoints();
	do {
		err = open_mode(t, mode, options, kernel, why, size);
		if (err && t->classic) {
			t->classic = false;
			err = open_mode(t, mode, options, kernel, why, size);
			t->classic = err;
		}
	} while (err && mode++ < last);
	btf__free(kernel);
	return err;
}

int tracer__open(struct tracer **out, const struct tracer_options *options, char *why, size_t size)
{
	long page = sysconf(_SC_PAGESIZE);
	struct tracer *t;
	int err;

	if (page != 4096) { /* what the programs count in */
		snprintf(why, size, "pages of this kernel are of %ld bytes, not of 4096", page);
		return -ENOTSUP;
	}
	t = calloc(1, sizeof(*t));
	if (!t)
		return -ENOMEM;
	t->grace = (struct grace){-1, -1};
	t->problem = options->problem;
	t->problem_data = options->problem_data;
	err = tracer__prepare_unwinding(t, options);
	if (err) {
		snprintf(why, size, "cannot read what the targets execute: %s", strerror(-err));
		goto fail;
	}
	err = grace__open(&t->grace);
	if (err) {
		snprintf(why, size, "cannot make a map of maps: %s", strerror(-err));
		goto fail;
	}
	err = open_modes(t, options, why, size);
	if (err)
		goto fail;
	err = options->windowed ? tracer__begin_windows(t) : 0;
	if (err) {
		snprintf(why, size, "cannot follow windows: %s", strerror(-err));
		goto fail;
	}
	err = tracer__begin_unwinding(t);
	if (err) {
		snprintf(why, size, "cannot hand over call frame information: %s", strerror(-err));
		goto fail;
	}
	*out = t;
	return 0;
fail:
	tracer__close(t);
	return err;
}

void tracer__close(struct tracer *t)
{
	if (!t)
		return;
	tracer__detach(t);
	tracer__end_unwinding(t);
	grace__close(&t->grace);
	free(t);
}

bool tracer__machine_lacks(int err)
{
	switch (-err) {
	case EPERM:
	case EACCES:
	case ENOENT:
	case ESRCH: /* no BTF */
	case ENOTSUP:
	case ENOSYS:
	case EINVAL:
		return true;
	default:
		return false;
	}
}

enum mode tracer__mode(const struct tracer *t)
{
	return t->mode;
}

bool tracer__counts_files(const struct tracer *t)
{
	return bpf_program__autoload(t->skel->progs.common__mm_filemap_add) ||
	       bpf_program__autoload(t->skel->progs.classic__mm_filemap_add);
}

int tracer__enter_memory_of(struct tracer *t, pid_t pid)
{
	int err = program__iterate_process(t->skel->progs.common__open, pid);

	return err == -ESRCH ? 0 : err; /* a process that is gone has no memory */
}

/* Is there a file in the table that others can have mapped? */
static bool has_files(struct tracer *t)
{
	const struct bpf_map *backings = t->skel->maps.backings;
	u32 left = bpf_map__max_entries(backings); /* keys that go meanwhile begin it anew */
	struct backing_key key, *at = NULL;

	for (; left && !bpf_map__get_next_key(backings, at, &key, sizeof(key)); left--, at = &key)
		if (!key.tgid)
			return true;
	return !left;
}

int tracer__find_others(struct tracer *t)
{
	int err;

	if (!has_files(t)) /* all mappings of the machine are much to look at for nothing */
		return 0;
	__atomic_store_n(&t->skel->bss->finding_others, 1, __ATOMIC_SEQ_CST);
	err = program__iterate(t->skel->progs.common__open);
	__atomic_store_n(&t->skel->bss->finding_others, 0, __ATOMIC_SEQ_CST);
	return err;
}

int tracer__enter_memory(struct tracer *t)
{
	int err = t->skel->rodata->windowed ? tracer__enter_windows(t)
					    : program__iterate(t->skel->progs.common__open);

	return err ? err : tracer__find_others(t);
}

void tgid_bit__set(u64 *bits, pid_t tgid)
{
	__atomic_fetch_or(&bits[(u32)tgid / 64], 1ULL << ((u32)tgid % 64), __ATOMIC_SEQ_CST);
}

void tgid_bit__clear(u64 *bits, pid_t tgid)
{
	__atomic_fetch_and(&bits[(u32)tgid / 64], ~(1ULL << ((u32)tgid % 64)), __ATOMIC_SEQ_CST);
}

void tracer__add_targets(struct tracer *t, const pid_t *tgids, size_t n)
{
	for (size_t i = 0; i < n; i++)
		tgid_bit__set(t->skel->bss->target_bits, tgids[i]);
	__atomic_fetch_add(&t->skel->bss->nr_targets, (s32)n, __ATOMIC_SEQ_CST);
	tracer__read_mappings(t, tgids, n);
}

int tracer__begin(struct tracer *t, u64 *ns)
{
	int err = program__run(t->skel->progs.edge__open, 0, 0);

	*ns = t->skel->bss->edge_ns;
	return err;
}

int tracer__stop(struct tracer *t, u64 *ns)
{
	int err = program__run(t->skel->progs.edge__close, 0, 0);

	*ns = t->skel->bss->edge_ns;
	if (!err)
		err = grace__wait(&t->grace);
	tracer__unwind_all(t);
	return err ? err : program__iterate(t->skel->progs.common__settle);
}

bool tracer__knows_cpus(const struct tracer *t)
{
	return t->skel->bss->nr_cpu_offsets == t->skel->rodata->nr_cpus;
}
