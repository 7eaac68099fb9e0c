/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The tables of members. Writing and reading go by the same ones, so the two cannot drift apart;
 * the order is that of the file.
 */
#include "output/json_members.h"

/* clang-format off */
#define MEMBER(s, t, m)      { #m, TYPE_##t, 0, false, offsetof(struct s, m) }
#define OPTIONAL(s, t, m)    { #m, TYPE_##t, 0, true, offsetof(struct s, m) }
#define STATIC(s, m, set)    { #m, TYPE_STATIC, RECORD_NAME_##set, false, offsetof(struct s, m) }
#define NAMED(s, t, name, m) { name, TYPE_##t, 0, false, offsetof(struct s, m) }
#define END                  { NULL, 0, 0, false, 0 }
/* clang-format on */

const struct member frame_members[] = {
	MEMBER(record_frame, STRING, module),
	MEMBER(record_frame, STRING, build_id),
	MEMBER(record_frame, U64, offset),
	MEMBER(record_frame, STRING, symbol),
	MEMBER(record_frame, STRING, function),
	OPTIONAL(record_frame, STRING, file),
	OPTIONAL(record_frame, U32, line),
	OPTIONAL(record_frame, BOOL, inlined),
	END,
};

const struct member backing_members[] = {
	MEMBER(record_backing, STRING, name),
	STATIC(record_backing, kind, KIND),
	MEMBER(record_backing, U64, inode),
	MEMBER(record_backing, STRING, ram_block),
	MEMBER(record_backing, BOOL, shared),
	MEMBER(record_backing, COUNT, length_pages),
	MEMBER(record_backing, COUNT, populated_pages),
	MEMBER(record_backing, COUNT, zero_populated_pages),
	MEMBER(record_backing, COUNT, released_pages),
	END,
};

const struct member callsite_members[] = {
	MEMBER(record_callsite, STRING, category),
	MEMBER(record_callsite, ACCESS, access),
	MEMBER(record_callsite, CONTEXT, context),
	MEMBER(record_callsite, STRING, syscall),
	MEMBER(record_callsite, U32, pid),
	MEMBER(record_callsite, COUNT, faults),
	MEMBER(record_callsite, COUNT, populated_pages),
	MEMBER(record_callsite, COUNT, zero_populated_pages),
	MEMBER(record_callsite, COUNT, released_pages),
	MEMBER(record_callsite, COUNT, fault_ns),
	STATIC(record_callsite, chain_end, CHAIN_END),
	END,
};

const struct member accounting_members[] = {
	STATIC(record_accounting, kind, KIND),
	MEMBER(record_accounting, STRING, name),
	MEMBER(record_accounting, U64, inode),
	MEMBER(record_accounting, U32, pid),
	MEMBER(record_accounting, SIGNED, traced_pages),
	MEMBER(record_accounting, SIGNED, kernel_pages),
	MEMBER(record_accounting, SIGNED, residual_pages),
	MEMBER(record_accounting, COUNT, uncertainty_pages),
	END,
};

const struct member advice_members[] = {
	STATIC(record_advice, call, CALL),
	STATIC(record_advice, behavior, BEHAVIOR),
	MEMBER(record_advice, U32, pid),
	MEMBER(record_advice, COUNT, calls),
	MEMBER(record_advice, COUNT, failed),
	STATIC(record_advice, error, ERRNO),
	MEMBER(record_advice, COUNT, bytes),
	MEMBER(record_advice, COUNT, released_pages),
	STATIC(record_advice, chain_end, CHAIN_END),
	END,
};

const struct member thread_members[] = {
	MEMBER(record_thread, U32, pid),
	MEMBER(record_thread, U32, tid),
	MEMBER(record_thread, STRING, comm),
	MEMBER(record_thread, COUNT, faults),
	MEMBER(record_thread, COUNT, populated_pages),
	MEMBER(record_thread, COUNT, zero_populated_pages),
	MEMBER(record_thread, COUNT, released_pages),
	END,
};

const struct member tick_members[] = {
	MEMBER(record_tick, U64, t_ns),
	MEMBER(record_tick, COUNT, faults),
	MEMBER(record_tick, COUNT, populated_pages),
	MEMBER(record_tick, COUNT, released_pages),
	MEMBER(record_tick, COUNT, rss_pages),
	END,
};

const struct member phase_members[] = {
	STATIC(record_phase, name, PHASE),
	OPTIONAL(record_phase, U32, round),
	MEMBER(record_phase, U64, begin_ns),
	MEMBER(record_phase, U64, end_ns),
	END,
};

const struct member target_members[] = {
	MEMBER(record_target, U32, pid),      MEMBER(record_target, STRING, comm),
	MEMBER(record_target, STRING, exe),   MEMBER(record_target, STRING, build_id),
	MEMBER(record_target, STRING, guest), END,
};

const struct member tool_members[] = {NAMED(record, STRING, "version", tool_version), END};

const struct member host_members[] = {
	NAMED(record, STRING, "kernel", host_kernel),
	NAMED(record, STRING, "arch", host_arch),
	NAMED(record, STRING, "lockdown", host_lockdown),
	NAMED(record, U32, "page_size", host_page_size),
	END,
};

const struct member mode_members[] = {
	STATIC(record, mode, MODE),
	STATIC(record, stack, STACK),
	END,
};

const struct member window_members[] = {
	MEMBER(record, STRING, opened_by),
	MEMBER(record, STRING, closed_by),
	MEMBER(record, U64, start_ns),
	MEMBER(record, U64, end_ns),
	MEMBER(record, COUNT, late_ns),
	MEMBER(record, COUNT, late_pages),
	END,
};

const struct member totals_members[] = {
	NAMED(record, COUNT, "faults", totals.faults),
	NAMED(record, COUNT, "faults_user", totals.faults_user),
	NAMED(record, COUNT, "faults_kernel", totals.faults_kernel),
	NAMED(record, COUNT, "populated_pages", totals.populated_pages),
	NAMED(record, COUNT, "zero_populated_pages", totals.zero_populated_pages),
	NAMED(record, COUNT, "mapped_pages", totals.mapped_pages),
	NAMED(record, COUNT, "released_pages", totals.released_pages),
	NAMED(record, COUNT, "advice_calls", totals.advice_calls),
	NAMED(record, COUNT, "advice_bytes", totals.advice_bytes),
	END,
};

const struct member lost_members[] = {
	NAMED(record, COUNT, "events", lost.events),
	NAMED(record, COUNT, "stacks", lost.stacks),
	NAMED(record, COUNT, "truncated_stacks", lost.truncated_stacks),
	END,
};

const struct member overhead_members[] = {
	NAMED(record, COUNT, "events", overhead.events),
	NAMED(record, COUNT, "bpf_ns", overhead.bpf_ns),
	NAMED(record, DOUBLE, "ns_per_event", overhead.ns_per_event),
	END,
};
