/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The modes fentry and kprobe: handle_mm_fault() begins and ends a fault, also a fault of GUP. The
 * VMA is at hand there, and the time that the fault took is known. The function's signature has
 * been the same since 5.9 (bce617edecad).
 */
#ifndef MIGPOP_ATTACH_FUNCTION_BPF_H
#define MIGPOP_ATTACH_FUNCTION_BPF_H

static __always_inline void task_state__begin_fault(struct task_state *ts, void *ctx,
						    struct task_struct *task,
						    const struct vm_area_struct *vma, u64 address,
						    u32 flags, const struct pt_regs *regs)
{
	ENDS_WITH_SCOPE struct event event = event__begin(ts);
	bool begun; /* the tracepoint has begun it */
	u64 ip;

	begun = faults_by_tracepoint && regs && ts->fault && ts->address == address;
	if (!begun && flags & FAULT_FLAG_USER)
		task_state__end(ts, task);
	else if (!begun)
		task_state__end_in_call(ts, task);
	if (begun) {
		; /* its access and its stack are known */
	} else if (regs) {
		on_fault(ts, task, address, BPF_CORE_READ(regs, REGS_IP), flags & FAULT_FLAG_WRITE,
			 flags & FAULT_FLAG_USER);
		ts->on_present = !!(flags &
				    FAULT_FLAG_WRITE); /* it may be: the function does not say */
		/* A fault that is tried again was counted the first time. */
		ts->fault = !(flags & FAULT_FLAG_TRIED);
	} else {
		s32 nr = task__syscall(task, &ip);

		task_state__enter_syscall(ts, task, nr, ip);
		ts->address = address;
		ts->access = flags & FAULT_FLAG_WRITE ? ACCESS_WRITE : ACCESS_READ;
	}
	if (!begun)
		task_state__take_syscall_stack(ts, ctx, task, UNWIND_IN_FUNCTION);
	ts->in_function = 1;
	if (!task_state__knows(ts, address))
		task_state__set_vma(ts, vma, BPF_CORE_READ(vma, vm_mm, owner, tgid));
}

static __always_inline void function__fault_begin(void *ctx, const struct vm_area_struct *vma,
						  u64 address, u32 flags,
						  const struct pt_regs *regs)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct task_state *ts;

	if (!is_watched(task) && !(flags & FAULT_FLAG_USER && window__begins_here(task)) &&
	    (closed || !tgid__counts(BPF_CORE_READ(vma, vm_mm, owner, tgid))))
		return;
	ts = task_state__get(task);
	if (!ts)
		return;
	task_state__begin_fault(ts, ctx, task, vma, address, flags, regs);
	ts->entry_ns =
		bpf_ktime_get_ns(); /* last: the time of the event is not part of the fault's */
}

static __always_inline void function__fault_end(void)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct task_state *ts = task_state__find(task);

	if (!ts || !ts->in_function)
		return;
	ENDS_WITH_SCOPE struct event event = event__begin(ts);

	if (ts->context == CONTEXT_USER)
		task_state__end(ts, task);
	else
		task_state__end_in_call(ts, task);
	ts->in_function = 0;
	ts->kernel_fault = 0;
}

SEC("fentry/handle_mm_fault")
int BPF_PROG(fentry__handle_mm_fault, struct vm_area_struct *vma, unsigned long address,
	     unsigned int flags, struct pt_regs *regs)
{
	function__fault_begin(ctx, vma, address, flags, regs);
	return 0;
}

SEC("fexit/handle_mm_fault")
int BPF_PROG(fentry__handle_mm_fault_end)
{
	function__fault_end();
	return 0;
}

SEC("kprobe/handle_mm_fault")
int BPF_KPROBE(kprobe__handle_mm_fault, struct vm_area_struct *vma, unsigned long address,
	       unsigned int flags, struct pt_regs *regs)
{
	function__fault_begin(ctx, vma, address, flags, regs);
	return 0;
}

SEC("kretprobe/handle_mm_fault")
int BPF_KRETPROBE(kprobe__handle_mm_fault_end)
{
	function__fault_end();
	return 0;
}

#endif
