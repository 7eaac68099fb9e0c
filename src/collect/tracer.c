// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Load, attach, watch: the BPF object's life. Counters are read in counters.c.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>

#include "collect/libbpf_log.h"
#include "collect/proc.h"
#include "collect/tracer.h"
#include "collect/tracer_internal.h"
#include "probe/privilege.h"
#include "probe/probe.h"
#include "probe/seccomp.h"

void tracer__set_verbose(bool verbose)
{
	libbpf_log__set_verbose(verbose);
}

/* Programs are named after the mode that they belong to: "fentry__handle_mm_fault". */
static enum mode program__mode(const struct bpf_program *prog)
{
	const char *name = bpf_program__name(prog);

	for (enum mode m = MODE_FENTRY; m <= MODE_TRACEPOINT; m++)
		if (!strncmp(name, mode__name(m), strlen(mode__name(m))))
			return m;
	return MODE_AUTO;
}

static bool program__is_optional(const struct bpf_program *prog)
{
	/* KVM may be a module that is not loaded, or not there. What is brought into the page cache
	 * of ordinary files, and whether it was a hole, is not known without the next two. A kernel
	 * with io_uring has one of the two after them, one with huge pages the last two. */
	static const char *const names[] = {
		"common__kvm_page_fault",
		"common__mm_filemap_add",
		"common__block_bio_queue",
		"common__io_uring_submit_req",
		"common__io_uring_submit_sqe",
		"common__collapse_isolate",
		"common__collapse",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (!strcmp(bpf_program__name(prog), names[i]))
			return true;
	return false;
}

static bool program__is_classic(const struct bpf_program *prog)
{
	return !strncmp(bpf_program__name(prog), "classic__", strlen("classic__"));
}

/* Is it "common__NAME" where "classic__NAME" stands in for it? */
static bool program__is_replaced(const struct bpf_program *prog, const struct bpf_object *obj)
{
	const char *name = strstr(bpf_program__name(prog), "common__");
	char classic[64];

	if (!name)
		return false;
	snprintf(classic, sizeof(classic), "classic__%s", name + strlen("common__"));
	return bpf_object__find_program_by_name(obj, classic);
}

static bool program__is_iterator(const struct bpf_program *prog)
{
	return !strncmp(bpf_program__section_name(prog), "iter/", 5);
}

/* Run by tracer__run(), attached to nothing. */
static bool program__is_run(const struct bpf_program *prog)
{
	return !strcmp(bpf_program__section_name(prog), "raw_tp");
}

static bool program__is_for_windows(const struct bpf_program *prog)
{
	return !strncmp(bpf_program__name(prog), "window__", strlen("window__"));
}

static bool tracepoint_exists(const struct bpf_program *prog, const struct btf *kernel)
{
	const char *section = bpf_program__section_name(prog);

	return strncmp(section, "tp_btf/", 7) || probe__has_tracepoint(kernel, section + 7);
}

/* All types that the programs ask for are the kernel's own. Unless its BTF is named, libbpf looks
 * for those that this kernel does not have in its modules as well, which takes CAP_SYS_ADMIN; up to
 * 1.2 it gives up without. */
static struct migpop_bpf *open_object(void)
{
	LIBBPF_OPTS(bpf_object_open_opts, opts);

	opts.btf_custom_path = "/sys/kernel/btf/vmlinux";
	libbpf_log__begin();
	return migpop_bpf__open_opts(&opts);
}

/* What tells that a process, or a migration, begins or ends: rare, and all that a tracer at rest
 * has.
 */
static bool program__rests(const struct bpf_program *prog)
{
	static const char *const sections[] = {"tp_btf/sched_process_", "tp/sched/sched_process_",
					       "tp_btf/task_rename"};

	for (size_t i = 0; i < sizeof(sections) / sizeof(*sections); i++)
		if (!strncmp(bpf_program__section_name(prog), sections[i], strlen(sections[i])))
			return true;
	return false;
}

static bool program__takes_perf_event(const struct bpf_program *prog)
{
	return bpf_program__type(prog) == BPF_PROG_TYPE_KPROBE ||
	       bpf_program__type(prog) == BPF_PROG_TYPE_TRACEPOINT;
}

/* NULL with *err. A number of the kernel's own (ENOTSUPP) escapes where it has no trampolines: on
 * arm64 before 6.4. A seccomp filter that refuses perf events may kill who opens one: nothing is
 * tried. */
static struct bpf_link *attach(const struct bpf_program *prog, int *err)
{
	struct bpf_link *link = NULL;

	if (program__takes_perf_event(prog) && seccomp__answer(CALL_PERF_EVENT_OPEN)) {
		*err = -EACCES;
		return NULL;
	}
	link = bpf_program__attach(prog);
	*err = link ? 0 : errno == 524 ? -ENOTSUP : -errno;
	return link;
}

static const char *why_not_attached(const struct bpf_program *prog, int err)
{
	return program__takes_perf_event(prog) && (err == -EACCES || err == -EPERM)
		       ? privilege__why_no_perf_events()
		       : NULL;
}

static int attach_programs(struct tracer *t, bool resting, char *why, size_t size)
{
	struct bpf_program *prog;

	bpf_object__for_each_program(prog, t->skel->obj)
	{
		struct bpf_link *link;
		int err;

		if (!bpf_program__autoload(prog) || program__is_iterator(prog) ||
		    program__is_run(prog) || prog == t->skel->progs.vmemmap__find ||
		    program__rests(prog) != resting)
			continue;
		link = attach(prog, &err);
		if (!link) {
			const char *because = why_not_attached(prog, err);

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

/* Is the program one of those that this mode is made of, on this kernel? */
static bool program__is_wanted(const struct tracer *t, const struct bpf_program *prog,
			       enum mode mode, const struct tracer_options *options,
			       const struct btf *kernel)
{
	enum mode of = program__mode(prog);

	if (program__is_for_windows(prog) && !options->windowed)
		return false;
	if (program__is_optional(prog) && !tracepoint_exists(prog, kernel))
		return false;
	if (prog == t->skel->progs.vmemmap__find || program__is_classic(prog))
		return t->classic;
	if (t->classic && program__is_replaced(prog, t->skel->obj))
		return false;
	if (of == MODE_TRACEPOINT && t->skel->rodata->faults_by_tracepoint)
		return true;
	return of == MODE_AUTO || of == mode;
}

static int open_mode(struct tracer *t, enum mode mode, const struct tracer_options *options,
		     const struct btf *kernel, char *why, size_t size)
{
	struct bpf_program *prog;
	char said[256];
	int err;

	t->skel = open_object();
	if (!t->skel) {
		err = -errno;
		snprintf(why, size, "cannot open the BPF object: %s", strerror(-err));
		return err;
	}
	t->skel->rodata->faults_by_tracepoint = t->classic && mode == MODE_FENTRY &&
						probe__has_tracepoint(kernel, "page_fault_user");
	bpf_object__for_each_program(prog, t->skel->obj)
	{
		bpf_program__set_autoload(prog, program__is_wanted(t, prog, mode, options, kernel));
	}
	t->skel->rodata->casts_pointers = probe__has_function(kernel, "bpf_rdonly_cast");
	t->skel->rodata->follow_children = options->follow_children;
	t->skel->rodata->windowed = options->windowed;
	t->skel->rodata->arm_started = options->arm_started;
	t->skel->rodata->stack_kind = options->stack;
	t->skel->rodata->nr_cpus = (u32)libbpf_num_possible_cpus();
	if (options->max_sites)
		bpf_map__set_max_entries(t->skel->maps.sites, options->max_sites);
	tracer__size_unwinding(t, options);
	err = migpop_bpf__load(t->skel);
	if (err) {
		libbpf_log__why(t->skel->obj, kernel, said, sizeof(said));
		snprintf(why, size, "cannot load the BPF programs: %s%s%s", strerror(-err),
			 *said ? ": " : "", said);
		goto fail;
	}
	t->skel->bss->swap_in_use = proc__has_swap();
	t->skel->bss->huge_always = proc__huge_always();
	t->skel->bss->closed = !options->windowed; /* until tracer__begin() */
	t->skel->bss->tells_holes = bpf_program__autoload(t->skel->progs.common__block_bio_queue);
	err = tracer__run(t->skel->progs.edge__learn_cpus, 0, 0);
	if (err) {
		snprintf(why, size, "cannot run a BPF program: %s", strerror(-err));
		goto fail;
	}
	err = t->classic ? tracer__find_vmemmap(t, why, size) : 0;
	if (err)
		goto fail;
	err = attach_programs(t, true, why, size);
	if (err)
		goto fail;
	t->nr_resting_links = t->nr_links;
	/* One that rests attaches all of them once as well: only a trial tells whether it may. */
	err = attach_programs(t, false, why, size);
	if (err)
		goto fail;
	t->skel->bss->awake = 1;
	t->mode = mode;
	if (options->rests)
		tracer__rest(t);
	return 0;
fail:
	tracer__detach(t);
	return err;
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

static int run_iterator(const struct bpf_program *prog, const struct bpf_iter_attach_opts *opts)
{
	struct bpf_link *link = bpf_program__attach_iter(prog, opts);
	char sink[256];
	int fd, err = 0;

	if (!link)
		return -errno;
	fd = bpf_iter_create(bpf_link__fd(link));
	if (fd < 0) {
		err = fd;
	} else {
		ssize_t got;

		while ((got = read(fd, sink, sizeof(sink))) > 0 || (got < 0 && errno == EINTR))
			;
		if (got < 0)
			err = -errno;
		close(fd);
	}
	bpf_link__destroy(link);
	return err;
}

int tracer__run_iterator(const struct bpf_program *prog)
{
	return run_iterator(prog, NULL);
}

int tracer__enter_memory_of(struct tracer *t, pid_t pid)
{
	union bpf_iter_link_info of = {.task.pid = (u32)pid};
	LIBBPF_OPTS(bpf_iter_attach_opts, opts);
	int err;

	opts.link_info = &of;
	opts.link_info_len = sizeof(of);
	err = run_iterator(t->skel->progs.common__open, &opts);
	return err == -ESRCH ? 0 : err; /* it is gone, and has none */
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
	err = tracer__run_iterator(t->skel->progs.common__open);
	__atomic_store_n(&t->skel->bss->finding_others, 0, __ATOMIC_SEQ_CST);
	return err;
}

int tracer__enter_memory(struct tracer *t)
{
	int err = t->skel->rodata->windowed ? tracer__enter_windows(t)
					    : tracer__run_iterator(t->skel->progs.common__open);

	return err ? err : tracer__find_others(t);
}

int tracer__run(const struct bpf_program *prog, u64 first, u64 second)
{
	u64 args[2] = {first, second};
	struct bpf_test_run_opts opts = {
		.sz = sizeof(opts), .ctx_in = args, .ctx_size_in = sizeof(args)};

	return bpf_prog_test_run_opts(bpf_program__fd(prog), &opts);
}

void tgid_bit__set(u64 *bits, pid_t tgid)
{
	__atomic_fetch_or(&bits[(u32)tgid / 64], 1ULL << ((u32)tgid % 64), __ATOMIC_SEQ_CST);
}

void tgid_bit__clear(u64 *bits, pid_t tgid)
{
	__atomic_fetch_and(&bits[(u32)tgid / 64], ~(1ULL << ((u32)tgid % 64)), __ATOMIC_SEQ_CST);
}

/* POSIX_FADV_DONTNEED empties the batches of all CPUs when a page resists (mm/fadvise.c): the first
 * of this very program does, it is mapped. No page is dropped. File systems in memory ignore it: an
 * initramfs. */
static void drain_by_fadvise(void)
{
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	posix_fadvise(fd, 0, sysconf(_SC_PAGESIZE), POSIX_FADV_DONTNEED);
	close(fd);
}

/* Moving a page empties them first, even to where it is (mm/migrate.c: lru_cache_disable()). A
 * kernel without NUMA has no such call. */
static void drain_by_move(void)
{
	void *page = (void *)((uintptr_t)&page & ~(uintptr_t)4095);
	int status = -1, node;

	if (syscall(SYS_move_pages, 0, 1UL, &page, NULL, &status, 0) || status < 0)
		return;
	node = status;
	syscall(SYS_move_pages, 0, 1UL, &page, &node, &status, 1 << 1 /* MPOL_MF_MOVE */);
}

void tracer__drain(void)
{
	drain_by_fadvise();
	drain_by_move();
}

void tracer__watch(struct tracer *t, const pid_t *tgids, size_t n)
{
	for (size_t i = 0; i < n; i++)
		tgid_bit__set(t->skel->bss->target_bits, tgids[i]);
	__atomic_fetch_add(&t->skel->bss->nr_targets, (s32)n, __ATOMIC_SEQ_CST);
	tracer__serve_all(t, tgids, n);
}

int tracer__begin(struct tracer *t, u64 *ns)
{
	int err = tracer__run(t->skel->progs.edge__open, 0, 0);

	*ns = t->skel->bss->edge_ns;
	return err;
}

int tracer__stop(struct tracer *t, u64 *ns)
{
	int err = tracer__run(t->skel->progs.edge__close, 0, 0);

	*ns = t->skel->bss->edge_ns;
	if (!err)
		err = grace__wait(&t->grace);
	tracer__unwind_all(t);
	return err ? err : tracer__run_iterator(t->skel->progs.common__settle);
}

bool tracer__knows_cpus(const struct tracer *t)
{
	return t->skel->bss->nr_cpu_offsets == t->skel->rodata->nr_cpus;
}

/* Loads and attaches the program "name" alone. Where it needs a member of the kernel's structures
 * that is not there, h->why says which. */
static int try_hook(const char *name, const struct btf *kernel, struct hook *h)
{
	struct migpop_bpf *skel = open_object();
	struct bpf_program *prog, *wanted = NULL;
	struct bpf_link *link = NULL;
	int err;

	if (!skel)
		return -errno;
	bpf_object__for_each_program(prog, skel->obj)
	{
		bool it = !strcmp(bpf_program__name(prog), name);

		bpf_program__set_autoload(prog, it);
		if (it)
			wanted = prog;
	}
	err = migpop_bpf__load(skel);
	if (err)
		libbpf_log__member(skel->obj, kernel, h->why, sizeof(h->why));
	if (!err && wanted && !program__is_iterator(wanted) && !program__is_run(wanted)) {
		link = attach(wanted, &err);
		if (!link && why_not_attached(wanted, err))
			snprintf(h->why, sizeof(h->why), "not permitted: %s",
				 why_not_attached(wanted, err));
	}
	bpf_link__destroy(link);
	migpop_bpf__destroy(skel);
	return err;
}

/* Several programs can be at one hook. */
static struct hook *find_hook(struct hook *hooks, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(hooks[i].name, name))
			return &hooks[i];
	return NULL;
}

int tracer__try_hooks(struct hook *hooks, size_t max)
{
	struct migpop_bpf *skel = open_object();
	struct bpf_program *prog;
	struct btf *kernel;
	size_t n = 0;

	if (!skel)
		return -errno;
	kernel = probe__kernel_types();
	bpf_object__for_each_program(prog, skel->obj)
	{
		struct hook *h = find_hook(hooks, n, bpf_program__section_name(prog));

		/* Each stands in for one that is tried. */
		if (program__is_classic(prog) || prog == skel->progs.vmemmap__find)
			continue;
		if (!h && n == max)
			break;
		if (!h) {
			h = &hooks[n++];
			memset(h, 0, sizeof(*h));
			snprintf(h->name, sizeof(h->name), "%s", bpf_program__section_name(prog));
			h->mode = program__mode(prog);
			h->optional = program__is_optional(prog);
		}
		if (!h->error)
			h->error = tracepoint_exists(prog, kernel)
					   ? try_hook(bpf_program__name(prog), kernel, h)
					   : -ENOENT;
	}
	btf__free(kernel);
	migpop_bpf__destroy(skel);
	return (int)n;
}
