// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Chooses the mode by trial: it attaches empty programs to the function that the function modes
 * hook. Only an attempt shows whether the kernel allows it: lockdown, a missing option and a
 * blacklist all look alike beforehand.
 */
#include <errno.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <linux/bpf.h>

#include "probe/privilege.h"
#include "probe/probe.h"
#include "probe/seccomp.h"

static const char function[] = "handle_mm_fault";

/* The program "return 0;". */
static const struct bpf_insn nothing[] = {
	{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0},
	{.code = BPF_JMP | BPF_EXIT},
};
enum { NR_NOTHING = sizeof(nothing) / sizeof(*nothing) };

struct btf *probe__kernel_types(void)
{
	return btf__load_vmlinux_btf();
}

bool probe__has_tracepoint(const struct btf *kernel, const char *name)
{
	char type[80];

	snprintf(type, sizeof(type), "btf_trace_%s", name);
	return kernel && btf__find_by_name_kind(kernel, type, BTF_KIND_TYPEDEF) > 0;
}

bool probe__has_function(const struct btf *kernel, const char *name)
{
	return kernel && btf__find_by_name_kind(kernel, name, BTF_KIND_FUNC) > 0;
}

/* Since Linux 7.0 SRCU protects tracepoints; before, preemption was disabled (a46023d5616e). The
 * guard is a type of its own, which BTF shows. */
bool probe__preempts_programs(const struct btf *kernel)
{
	return kernel &&
	       btf__find_by_name_kind(kernel, "class_srcu_fast_notrace_t", BTF_KIND_TYPEDEF) > 0;
}

/* libbpf looks in the first of these places, or in the second. */
static const char *const ids_of_tracepoint[] = {
	"/sys/kernel/tracing/events/kmem/mm_page_alloc/id",
	"/sys/kernel/debug/tracing/events/kmem/mm_page_alloc/id",
};

const char *probe__why_no_classic_tracepoints(void)
{
	if (!access(ids_of_tracepoint[0], R_OK) || !access(ids_of_tracepoint[1], R_OK))
		return privilege__why_no_perf_events();
	return errno == EACCES ? "/sys/kernel/tracing may not be read"
			       : "tracefs is not mounted (mount -t tracefs tracefs "
				 "/sys/kernel/tracing)";
}

static bool link_attaches(int prog, int target, enum bpf_attach_type type)
{
	int link = prog < 0 || target < 0 ? -1 : bpf_link_create(prog, target, type, NULL);

	if (link >= 0)
		close(link);
	return link >= 0;
}

static bool trampoline_attaches(const struct btf *kernel, enum bpf_attach_type type)
{
	LIBBPF_OPTS(bpf_prog_load_opts, opts);
	int id = kernel ? btf__find_by_name_kind(kernel, function, BTF_KIND_FUNC) : -ENOENT;
	bool attaches;
	int prog;

	if (id < 0)
		return false;
	opts.expected_attach_type = type;
	opts.attach_btf_id = (__u32)id;
	prog = bpf_prog_load(BPF_PROG_TYPE_TRACING, "probe", "GPL", nothing, NR_NOTHING, &opts);
	attaches = link_attaches(prog, 0, type);
	if (prog >= 0)
		close(prog);
	return attaches;
}

/* The number of the perf event source for kprobes, which the kernel has since 4.17 (e12f03d7031a);
 * -1 if there is none. */
static int kprobe_type(void)
{
	FILE *f = fopen("/sys/bus/event_source/devices/kprobe/type", "re");
	int type = -1;

	if (f && fscanf(f, "%d", &type) != 1)
		type = -1;
	if (f)
		fclose(f);
	return type;
}

static bool kprobe_attaches(void)
{
	struct perf_event_attr attr = {.size = sizeof(attr), .config1 = (__u64)(uintptr_t)function};
	int type = kprobe_type(), prog, event;
	bool attaches;

	if (type < 0 || seccomp__answer(CALL_PERF_EVENT_OPEN))
		return false;
	attr.type = (__u32)type;
	event = (int)syscall(SYS_perf_event_open, &attr, -1, 0, -1, PERF_FLAG_FD_CLOEXEC);
	if (event < 0)
		return false;
	prog = bpf_prog_load(BPF_PROG_TYPE_KPROBE, "probe", "GPL", nothing, NR_NOTHING, NULL);
	attaches = link_attaches(prog, event, BPF_PERF_EVENT);
	if (prog >= 0)
		close(prog);
	close(event);
	return attaches;
}

enum mode probe__mode(const struct btf *kernel)
{
	if (trampoline_attaches(kernel, BPF_TRACE_FENTRY) &&
	    trampoline_attaches(kernel, BPF_TRACE_FEXIT))
		return MODE_FENTRY;
	return kprobe_attaches() ? MODE_KPROBE : MODE_TRACEPOINT;
}
