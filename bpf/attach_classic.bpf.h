/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The hooks of attach_common.bpf.h as classic tracepoints. Since 7.0 a program at a tracepoint can
 * be preempted (a46023d5616e), and while it is, the kernel skips it for every other thread on that
 * CPU: 64 threads on two CPUs lost half of their pages. Classic tracepoints are perf events, whose
 * handlers disable preemption. They cost more, so they are attached on such kernels only.
 *
 * These tracepoints name a page by its number.
 */
#ifndef MIGPOP_ATTACH_CLASSIC_BPF_H
#define MIGPOP_ATTACH_CLASSIC_BPF_H

static __always_inline u64 pfn__offset(u64 pfn)
{
	return pfn * bpf_core_type_size(struct page);
}

static __always_inline void *pfn__page(u64 pfn)
{
	return (void *)(vmemmap + pfn__offset(pfn));
}

/* Finds where the array of pages begins, by pages that the collector allocates: this program is
 * attached first and is told the address of a page, the next program is told its number. */
SEC("tp_btf/mm_page_alloc")
int BPF_PROG(vmemmap__find, struct page *page)
{
	if ((u32)bpf_get_current_pid_tgid() == vmemmap_finder)
		vmemmap_page = (u64)page;
	return 0;
}

static __always_inline void vmemmap__found(u64 pfn)
{
	u64 begin = vmemmap_page - pfn__offset(pfn);

	if (vmemmap_page && (!vmemmap || vmemmap == begin))
		vmemmap_agreed++;
	else
		vmemmap_differed++;
	vmemmap = begin;
	vmemmap_page = 0;
}

SEC("tp/kmem/mm_page_alloc")
int classic__mm_page_alloc(struct trace_event_raw_mm_page_alloc *ctx)
{
	if (vmemmap_finder) {
		if ((u32)bpf_get_current_pid_tgid() == vmemmap_finder)
			vmemmap__found(ctx->pfn);
		return 0;
	}
	on_page_alloc(ctx, bpf_get_current_task_btf(), pfn__page(ctx->pfn), ctx->order,
		      ctx->gfp_flags);
	return 0;
}

SEC("tp/kmem/mm_page_free")
int classic__mm_page_free(struct trace_event_raw_mm_page_free *ctx)
{
	on_page_free(bpf_get_current_task_btf(), pfn__page(ctx->pfn), ctx->order);
	return 0;
}

SEC("tp/filemap/mm_filemap_add_to_page_cache")
int classic__mm_filemap_add(struct trace_event_raw_mm_filemap_op_page_cache *ctx)
{
	on_page_cache_add(ctx, bpf_get_current_task_btf(), pfn__page(ctx->pfn));
	return 0;
}

SEC("tp/raw_syscalls/sys_enter")
int classic__sys_enter(struct trace_event_raw_sys_enter *ctx)
{
	on_sys_enter(ctx, ctx->id);
	return 0;
}

SEC("tp/raw_syscalls/sys_exit")
int classic__sys_exit(struct trace_event_raw_sys_exit *ctx)
{
	on_sys_exit(ctx->ret);
	return 0;
}

SEC("tp/sched/sched_process_exit")
int classic__sched_process_exit(void *ctx)
{
	on_exit(bpf_get_current_task_btf());
	return 0;
}

#endif
