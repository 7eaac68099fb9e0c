// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The BPF object and its programs: what each is for, and how one is attached or run.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "probe/privilege.h"
#include "probe/probe.h"
#include "probe/seccomp.h"
#include "tracer/libbpf_log.h"
#include "tracer/object.h"
#include "tracer/skeleton.h"

/* The kernel's ENOTSUPP, which user space has no name for (include/linux/errno.h). */
enum { KERNEL_ENOTSUPP = 524 };

/* All types that the programs ask for are the kernel's own. If the BTF is not named, libbpf also
 * looks in modules for types that this kernel does not have. Reading the BTF of modules takes
 * CAP_SYS_ADMIN, and libbpf up to 1.2 gives up without it. */
struct migpop_bpf *object__open(const struct btf *kernel)
{
	LIBBPF_OPTS(bpf_object_open_opts, opts);
	struct migpop_bpf *skel = calloc(1, sizeof(*skel));
	int err = skel ? migpop_bpf__create_skeleton(skel) : -ENOMEM;

	opts.btf_custom_path = "/sys/kernel/btf/vmlinux";
	libbpf_log__begin();
	/* Both objects have the same programs, maps and variables: one skeleton is for both. */
	if (!err && probe__has_function(kernel, "bpf_rdonly_cast"))
		skel->skeleton->data = (void *)casting_bpf__elf_bytes(&skel->skeleton->data_sz);
	if (!err)
		err = bpf_object__open_skeleton(skel->skeleton, &opts);
	if (!err)
		return skel;
	migpop_bpf__destroy(skel);
	errno = -err;
	return NULL;
}

static bool begins(const char *s, const char *with)
{
	return !strncmp(s, with, strlen(with));
}

enum mode program__mode(const struct bpf_program *prog)
{
	for (enum mode m = MODE_FENTRY; m <= MODE_TRACEPOINT; m++)
		if (begins(bpf_program__name(prog), mode__name(m)))
			return m;
	return MODE_AUTO;
}

bool program__is_optional(const struct bpf_program *prog)
{
	static const char *const names[] = {
		"common__kvm_page_fault", /* KVM is a module that may not be loaded */
		/* Without these two nobody knows who brings pages into the page cache of ordinary
		 * files, and which of the pages were holes. */
		"common__mm_filemap_add",
		"common__block_bio_queue",
		/* A kernel with io_uring has one of these two. */
		"common__io_uring_submit_req",
		"common__io_uring_submit_sqe",
		/* A kernel with transparent huge pages has these two. */
		"common__collapse_isolate",
		"common__collapse",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (!strcmp(bpf_program__name(prog), names[i]))
			return true;
	return false;
}

bool program__is_classic(const struct bpf_program *prog)
{
	return begins(bpf_program__name(prog), "classic__");
}

bool program__is_replaced(const struct bpf_program *prog, const struct bpf_object *obj)
{
	const char *name = bpf_program__name(prog);
	char classic[64];

	if (!begins(name, "common__"))
		return false;
	snprintf(classic, sizeof(classic), "classic__%s", name + strlen("common__"));
	return bpf_object__find_program_by_name(obj, classic);
}

bool program__is_for_windows(const struct bpf_program *prog)
{
	return begins(bpf_program__name(prog), "window__");
}

bool program__rests(const struct bpf_program *prog)
{
	const char *section = bpf_program__section_name(prog);

	return begins(section, "tp_btf/sched_process_") ||
	       begins(section, "tp/sched/sched_process_") || begins(section, "tp_btf/task_rename");
}

bool program__has_hook(const struct bpf_program *prog)
{
	const char *section = bpf_program__section_name(prog);

	return !begins(section, "iter/") && strcmp(section, "raw_tp");
}

bool program__finds_tracepoint(const struct bpf_program *prog, const struct btf *kernel)
{
	const char *section = bpf_program__section_name(prog);

	return !begins(section, "tp_btf/") ||
	       probe__has_tracepoint(kernel, section + strlen("tp_btf/"));
}

static bool takes_perf_event(const struct bpf_program *prog)
{
	return bpf_program__type(prog) == BPF_PROG_TYPE_KPROBE ||
	       bpf_program__type(prog) == BPF_PROG_TYPE_TRACEPOINT;
}

/* A seccomp filter that refuses perf events may kill the process that opens one, so the program is
 * not tried then. Kernels without trampolines, as arm64 before 6.4, return ENOTSUPP. */
struct bpf_link *program__attach(const struct bpf_program *prog, int *err)
{
	struct bpf_link *link = NULL;

	if (takes_perf_event(prog) && seccomp__answer(CALL_PERF_EVENT_OPEN)) {
		*err = -EACCES;
		return NULL;
	}
	link = bpf_program__attach(prog);
	*err = link ? 0 : errno == KERNEL_ENOTSUPP ? -ENOTSUP : -errno;
	return link;
}

const char *program__why_not_attached(const struct bpf_program *prog, int err)
{
	return takes_perf_event(prog) && (err == -EACCES || err == -EPERM)
		       ? privilege__why_no_perf_events()
		       : NULL;
}

static int read_to_end(int fd)
{
	char sink[256];
	ssize_t got;

	do
		got = read(fd, sink, sizeof(sink));
	while (got > 0 || (got < 0 && errno == EINTR));
	return got < 0 ? -errno : 0;
}

static int iterate(const struct bpf_program *prog, const struct bpf_iter_attach_opts *opts)
{
	struct bpf_link *link = bpf_program__attach_iter(prog, opts);
	int fd, err;

	if (!link)
		return -errno;
	fd = bpf_iter_create(bpf_link__fd(link));
	err = fd < 0 ? fd : read_to_end(fd);
	if (fd >= 0)
		close(fd);
	bpf_link__destroy(link);
	return err;
}

int program__iterate(const struct bpf_program *prog)
{
	return iterate(prog, NULL);
}

int program__iterate_process(const struct bpf_program *prog, pid_t pid)
{
	union bpf_iter_link_info of = {.task.pid = (u32)pid};
	LIBBPF_OPTS(bpf_iter_attach_opts, opts);

	opts.link_info = &of;
	opts.link_info_len = sizeof(of);
	return iterate(prog, &opts);
}

int program__run(const struct bpf_program *prog, u64 first, u64 second)
{
	u64 args[2] = {first, second};
	struct bpf_test_run_opts opts = {
		.sz = sizeof(opts), .ctx_in = args, .ctx_size_in = sizeof(args)};

	return bpf_prog_test_run_opts(bpf_program__fd(prog), &opts);
}
