/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The mode tracepoint: it sees where a fault begins, and learns that a fault has ended from what
 * the thread does next. For kernels that let neither fentry nor kprobe in.
 */
#ifndef MIGPOP_ATTACH_TRACEPOINT_BPF_H
#define MIGPOP_ATTACH_TRACEPOINT_BPF_H

static __always_inline void tracepoint__fault(void *ctx, u64 address, const struct pt_regs *regs,
					      u64 error_code, bool user)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct task_state *ts;

	/* If faults are disabled the kernel only tries (copy_from_user_nofault()): nothing is
	 * populated. */
	if (!is_watched(task) && !(user && window__begins_here(task)))
		return;
	if ((s64)address < 0 || (!user && task->pagefault_disabled))
		return;
	ts = task_state__get(task);
	if (!ts)
		return;
	ENDS_WITH_SCOPE struct event event = event__begin(ts);

	task_state__forget_function(ts);
	if (user)
		task_state__end(ts, task);
	else
		task_state__end_in_call(ts, task);
	on_fault(ts, task, address, user ? regs__ip(regs) : 0, error_code & PF_ERROR_WRITE, user);
	ts->on_present = error_code & PF_ERROR_PRESENT;
	if (user)
		task_state__take_stack(ts, ctx, regs, true, UNWIND_IN_USER_FAULT);
	else
		task_state__take_syscall_stack(ts, ctx, task, UNWIND_IN_KERNEL_FAULT);
}

SEC("tp_btf/page_fault_user")
int BPF_PROG(tracepoint__page_fault_user, unsigned long address, struct pt_regs *regs,
	     unsigned long error_code)
{
	tracepoint__fault(ctx, address, regs, error_code, true);
	return 0;
}

SEC("tp_btf/page_fault_kernel")
int BPF_PROG(tracepoint__page_fault_kernel, unsigned long address, struct pt_regs *regs,
	     unsigned long error_code)
{
	tracepoint__fault(ctx, address, NULL, error_code, false);
	return 0;
}

#endif
