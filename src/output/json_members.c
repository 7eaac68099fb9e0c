/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The tables of members. The order is that of the file. A new member is a row here: it is written,
 * read, explained and part of the schema by that.
 */
#include "output/json_members.h"

/* clang-format off */
#define MEMBER(s, t, m, says)         { #m, TYPE_##t, 0, false, offsetof(struct s, m), 0, 0, NULL, says }
#define OPTIONAL(s, t, m, says)       { #m, TYPE_##t, 0, true, offsetof(struct s, m), 0, 0, NULL, says }
#define NAMED(s, t, name, m, says)    { name, TYPE_##t, 0, false, offsetof(struct s, m), 0, 0, NULL, says }
#define WORD(s, m, set, says)         { #m, TYPE_WORD, NAMES_##set, false, offsetof(struct s, m), 0, 0, NULL, says }
#define ENUM(s, name, m, set, says)   { name, TYPE_ENUM, NAMES_##set, false, offsetof(struct s, m), 0, 0, NULL, says }
#define OBJECT(name, members, says)   { name, TYPE_OBJECT, 0, false, 0, 0, 0, members, says }
#define LIST(t, s, name, m, nr, members, says) \
	{ name, TYPE_##t, 0, false, offsetof(struct s, m), offsetof(struct s, nr), sizeof(*((struct s *)0)->m), members, says }
#define END                           { NULL, 0, 0, false, 0, 0, 0, NULL, NULL }

const struct member frame_members[] = {
	MEMBER(record_frame, STRING, module, "Path of the mapped file, `[vdso]`, or null: code that is in no file."),
	MEMBER(record_frame, STRING, build_id, "Build-id of that file, in lower-case hexadecimal digits."),
	MEMBER(record_frame, U64, offset, "From the module's load address; the address itself without a module."),
	MEMBER(record_frame, STRING, symbol, "The nearest ELF symbol at or below it."),
	MEMBER(record_frame, STRING, function, "What to show: the symbol, or `fn+0x986b10` for a function that was stripped of its name."),
	OPTIONAL(record_frame, STRING, file, "Source file, where DWARF is at hand."),
	OPTIONAL(record_frame, U32, line, "Line in that file."),
	OPTIONAL(record_frame, BOOL, inlined, "The function was inlined into that of the next frame, which has the same offset."),
	END,
};

static const struct member backing_members[] = {
	MEMBER(record_backing, STRING, name, "What the kernel calls the memory: `memfd:ram0`, `[heap]`, a path."),
	WORD(record_backing, kind, KIND, "What kind of memory it is."),
	MEMBER(record_backing, U64, inode, "Inode of the file; 0 for anonymous memory."),
	MEMBER(record_backing, STRING, ram_block, "Id of the QEMU memory backend that it is, or null. The type of backend, `memory-backend-memfd`, where it is one that was plugged in later, or one of several alike that cannot be told apart."),
	MEMBER(record_backing, BOOL, shared, "The pages are those of the file itself, not private copies."),
	MEMBER(record_backing, COUNT, length_pages, "Length of the RAM block."),
	OPTIONAL(record_backing, COUNT, numa_node, "NUMA node of the guest that the RAM block is the memory of; left out where it is of none."),
	MEMBER(record_backing, COUNT, populated_pages, "Pages that the kernel allocated memory for."),
	MEMBER(record_backing, COUNT, zero_populated_pages, "Those of them that were allocated by a read of a hole: their content is zero by construction."),
	MEMBER(record_backing, COUNT, zero_written_pages, "Of those that were populated otherwise, at least so many were zero when the window closed: zeros were written. Null where nobody looked: less than 1 MiB was so populated, the process was gone, or the machine uses swap."),
	OPTIONAL(record_backing, COUNT, looked_pages, "Pages whose content was looked at for that: all of the memory, or a random sample."),
	MEMBER(record_backing, COUNT, released_pages, "Pages that were given back to the kernel."),
	END,
};

static const struct member callsite_members[] = {
	MEMBER(record_callsite, STRING, category, "What the pages were populated for, by the rules file: `zero-page`, `page-payload`, `zero-detect`, ...; `other` where no rule matches."),
	ENUM(record_callsite, "access", access, ACCESS, "How memory was touched; `none` where the kernel populated it without an access (`fallocate`)."),
	ENUM(record_callsite, "context", context, CONTEXT, "A fault in user mode, a fault in the kernel on behalf of a system call, or a system call without a fault."),
	MEMBER(record_callsite, STRING, syscall, "The system call, or `io_uring worker`, `vhost worker`, `kernel thread`, `exit`; null outside of system calls."),
	MEMBER(record_callsite, U32, pid, "The process."),
	OPTIONAL(record_callsite, STRING, comm, "Its name where it is not one of `targets`: another process that populated their memory."),
	MEMBER(record_callsite, COUNT, faults, "Page faults."),
	MEMBER(record_callsite, COUNT, populated_pages, "Pages that the kernel allocated memory for."),
	MEMBER(record_callsite, COUNT, zero_populated_pages, "Those of them that were allocated by a read of a hole."),
	MEMBER(record_callsite, COUNT, zero_written_pages, "Zero pages that this call site, and no other, can have populated otherwise than by a read: at least so many; null where nobody looked."),
	MEMBER(record_callsite, COUNT, released_pages, "Pages that were given back to the kernel."),
	MEMBER(record_callsite, COUNT, fault_ns, "Time spent in these faults; null in tracepoint mode."),
	WORD(record_callsite, chain_end, CHAIN_END, "How the call chain ends: `complete`, or why it stops early. Null without a chain."),
	LIST(ARRAY, record_callsite, "backing", backing, nr_backing, backing_members, "The memory that was populated here."),
	LIST(ARRAY, record_callsite, "frames", frames.v, frames.n, frame_members, "The call chain, innermost frame first."),
	END,
};

static const struct member accounting_members[] = {
	WORD(record_accounting, kind, KIND, "What kind of memory the row is about."),
	MEMBER(record_accounting, STRING, name, "What the memory is called."),
	MEMBER(record_accounting, U64, inode, "Inode of the file; 0 for memory of a process."),
	MEMBER(record_accounting, U32, pid, "Whose memory it is, for memory of a process; else 0."),
	MEMBER(record_accounting, SIGNED, traced_pages, "Populated less released, as traced; null where this is not traced."),
	MEMBER(record_accounting, SIGNED, kernel_pages, "Growth in the window by the kernel's own figure."),
	MEMBER(record_accounting, SIGNED, residual_pages, "The kernel's figure less the traced one: 0 is the only good value where nothing moved at the edges of the window."),
	MEMBER(record_accounting, COUNT, uncertainty_pages, "Pages that moved at the edges of the window while they were read: the residual lies within it, to either side."),
	END,
};

static const struct member advice_members[] = {
	WORD(record_advice, call, CALL, "The system call."),
	WORD(record_advice, behavior, BEHAVIOR, "What it was asked to do; null where the call has no such argument."),
	MEMBER(record_advice, U32, pid, "The process."),
	MEMBER(record_advice, COUNT, calls, "How often it was called."),
	MEMBER(record_advice, COUNT, failed, "How many of the calls failed."),
	WORD(record_advice, error, ERRNO, "Error of the failed calls; null if none failed."),
	MEMBER(record_advice, COUNT, bytes, "Bytes that it was asked to act on."),
	MEMBER(record_advice, COUNT, released_pages, "Pages that it gave back."),
	WORD(record_advice, chain_end, CHAIN_END, "How the call chain ends. Null without a chain."),
	LIST(ARRAY, record_advice, "frames", frames.v, frames.n, frame_members, "The call chain, innermost frame first."),
	END,
};

static const struct member thread_members[] = {
	MEMBER(record_thread, U32, pid, "Its process; 0 with `tid`: all those of which no thread is told."),
	MEMBER(record_thread, U32, tid, "Its number."),
	MEMBER(record_thread, STRING, comm, "Its name when it was last seen."),
	MEMBER(record_thread, COUNT, faults, "Page faults."),
	MEMBER(record_thread, COUNT, populated_pages, "Pages that the kernel allocated memory for."),
	MEMBER(record_thread, COUNT, zero_populated_pages, "Those of them that were allocated by a read of a hole."),
	MEMBER(record_thread, COUNT, released_pages, "Pages that were given back to the kernel."),
	END,
};

static const struct member tick_members[] = {
	MEMBER(record_tick, U64, t_ns, "Since the window opened."),
	MEMBER(record_tick, COUNT, faults, "Page faults so far."),
	MEMBER(record_tick, COUNT, populated_pages, "Pages populated so far."),
	MEMBER(record_tick, COUNT, released_pages, "Pages released so far."),
	MEMBER(record_tick, COUNT, rss_pages, "Resident pages of the targets at that moment."),
	END,
};

static const struct member phase_members[] = {
	WORD(record_phase, name, PHASE, "Which phase it is. `incoming` is what a destination is sent before postcopy; `stopped`, of a source, is downtime, and postcopy if there was any."),
	OPTIONAL(record_phase, U32, round, "Which pass over dirty pages, in precopy and downtime."),
	MEMBER(record_phase, U64, begin_ns, "Since the window opened."),
	MEMBER(record_phase, U64, end_ns, "Since the window opened."),
	END,
};

static const struct member room_members[] = {
	ENUM(record_room, "table", table, TABLE, "The table that was out of room."),
	MEMBER(record_room, COUNT, pages, "Populated pages that lack what would have been in it."),
	MEMBER(record_room, STRING, module, "File of the program or library that there was no room for; null where it is of no one."),
	END,
};

static const struct member vmm_members[] = {
	NAMED(record_target, STRING, "name", vmm_name, "The program that runs the guest: `QEMU`."),
	NAMED(record_target, STRING, "version", vmm_version, "Its version, as the program itself states it."),
	NAMED(record_target, STRING, "package", vmm_package, "The package that it is of, as it states that."),
	END,
};

static const struct member target_members[] = {
	MEMBER(record_target, U32, pid, "The process."),
	MEMBER(record_target, STRING, comm, "Name of its first thread."),
	MEMBER(record_target, STRING, exe, "Path of its program."),
	MEMBER(record_target, STRING, build_id, "Build-id of its program."),
	MEMBER(record_target, STRING, guest, "Name of the guest that it runs."),
	MEMBER(record_target, STRING, uuid, "UUID of the guest."),
	MEMBER(record_target, COUNT, uid, "User that it runs as."),
	MEMBER(record_target, STRING, cgroup, "Its cgroup, as a path in the hierarchy of version 2."),
	MEMBER(record_target, STRING, pod_uid, "UID of the pod of Kubernetes that its cgroup is of."),
	MEMBER(record_target, STRING, container_id, "Id of the container that its cgroup is of: the innermost."),
	OBJECT("vmm", vmm_members, "The virtual machine monitor; its members are null for a process that is none."),
	MEMBER(record_target, COUNT, ram_bytes, "The guest's memory, without what can be plugged in later; null where the command line does not say, and no monitor."),
	MEMBER(record_target, COUNT, rss_pages_before, "Resident pages of the process when the window opened."),
	MEMBER(record_target, COUNT, rss_pages_after, "Resident pages of the process when the window closed."),
	LIST(STRINGS, record_target, "cmdline", cmdline, nr_cmdline, NULL, "Its command line."),
	END,
};

static const struct member tool_members[] = {
	NAMED(record, STRING, "version", tool_version, "Version of migpop."),
	END,
};

static const struct member host_members[] = {
	NAMED(record, STRING, "name", host_name, "Name of the host."),
	NAMED(record, STRING, "boot_id", host_boot_id, "Random id of this boot of the host: times since boot of two records compare only where it is the same."),
	NAMED(record, STRING, "kernel", host_kernel, "Release of its kernel."),
	NAMED(record, STRING, "arch", host_arch, "Its architecture."),
	NAMED(record, STRING, "lockdown", host_lockdown, "Kernel lockdown: `none`, `integrity` or `confidentiality`; null where the kernel does not say."),
	NAMED(record, U32, "page_size", host_page_size, "Bytes in a base page: all counts of pages are in these."),
	END,
};

static const struct member migration_members[] = {
	ENUM(record, "role", migration.role, ROLE, "Which end of it the target was."),
	ENUM(record, "outcome", migration.outcome, OUTCOME, "How it ended: `killed` with its process; `ended` where nothing tells how. Null where it was not over."),
	ENUM(record, "transport", migration.transport, TRANSPORT, "What it went through."),
	ENUM(record, "purpose", migration.purpose, PURPOSE, "What it was for: a migration of a running guest, saving it, restoring it, a dump or a snapshot."),
	NAMED(record, COUNT, "total_ms", migration.total_ms, "Its duration by QEMU's own figure; null without a monitor."),
	NAMED(record, COUNT, "downtime_ms", migration.downtime_ms, "How long the guest did not run, by QEMU's own figure; null without a monitor."),
	NAMED(record, COUNT, "setup_ms", migration.setup_ms, "Its setup by QEMU's own figure; null without a monitor."),
	NAMED(record, COUNT, "transferred_bytes", migration.transferred_bytes, "Bytes sent by QEMU's own figure; null without a monitor."),
	NAMED(record, COUNT, "rounds", migration.rounds, "Passes over dirty pages by QEMU's own figure; null without a monitor."),
	END,
};

static const struct member window_members[] = {
	ENUM(record, "opened_by", opened_by, REASON, "Why the window opened."),
	ENUM(record, "closed_by", closed_by, REASON, "Why it closed."),
	MEMBER(record, STRING, opened_by_text, "The same for people."),
	MEMBER(record, STRING, closed_by_text, "The same for people."),
	MEMBER(record, U64, start_ns, "When it opened, since boot (CLOCK_BOOTTIME)."),
	MEMBER(record, U64, end_ns, "When it closed, since boot."),
	MEMBER(record, COUNT, late_ns, "By how much the migration began before the window; null where this is not known."),
	MEMBER(record, COUNT, late_pages, "Pages that were populated in that time: nobody knows for whom."),
	END,
};

static const struct member totals_members[] = {
	NAMED(record, COUNT, "faults", totals.faults, "Page faults."),
	NAMED(record, COUNT, "faults_user", totals.faults_user, "Those in user mode."),
	NAMED(record, COUNT, "faults_kernel", totals.faults_kernel, "Those in the kernel on behalf of a system call."),
	NAMED(record, COUNT, "populated_pages", totals.populated_pages, "Pages that the kernel allocated memory for."),
	NAMED(record, COUNT, "zero_populated_pages", totals.zero_populated_pages, "Those of them that were allocated by a read of a hole: their content is zero by construction, and nobody needed them."),
	NAMED(record, COUNT, "zero_written_pages", totals.zero_written_pages, "Of those that were populated otherwise, at least so many were zero when the window closed: zeros were written. The sum over the memory that was looked at; null where none was."),
	NAMED(record, COUNT, "mapped_pages", totals.mapped_pages, "Pages that became resident and are in no row of `accounting`: they were there already and were only mapped. 0 where there are fewer than the kernel's counters are off by."),
	NAMED(record, COUNT, "released_pages", totals.released_pages, "Pages that were given back to the kernel."),
	NAMED(record, COUNT, "advice_calls", totals.advice_calls, "Calls that give memory back or advise so."),
	NAMED(record, COUNT, "advice_bytes", totals.advice_bytes, "Bytes that they were asked to act on."),
	END,
};

static const struct member lost_members[] = {
	ENUM(record, "verdict", lost.verdict, LOSS, "The worst that is missing: `nothing` (every event is counted, and every call chain is whole or ends where code made at run time begins), `chains`, `events`; null where it is not known."),
	NAMED(record, COUNT, "chainless_pages", lost.chainless_pages, "Populated pages at call sites whose chain is not whole; null with frame pointers, which do not tell."),
	NAMED(record, COUNT, "events", lost.events, "Events that are in no count: the sum of `kinds`."),
	NAMED(record, COUNT, "stacks", lost.stacks, "Events at call sites whose chain found no room."),
	NAMED(record, COUNT, "truncated_stacks", lost.truncated_stacks, "Events at call sites whose chain was cut at the greatest length."),
	LIST(COUNTS, record, "unwind_errors", lost.unwind_errors, lost.nr_unwind_errors, NULL, "Events at call sites whose chain ended early in another way, by how (see `chain_end`)."),
	LIST(COUNTS, record, "kinds", lost.kinds, lost.nr_kinds, NULL, "What `events` consists of."),
	LIST(ARRAY, record, "room", lost.room, lost.nr_room, room_members, "Tables of the tracer that were out of room."),
	END,
};

static const struct member overhead_members[] = {
	NAMED(record, COUNT, "events", overhead.events, "Events that programs of the tracer ran for."),
	NAMED(record, COUNT, "bpf_ns", overhead.bpf_ns, "Time that these took."),
	NAMED(record, DOUBLE, "ns_per_event", overhead.ns_per_event, "The same for one event."),
	NAMED(record, DOUBLE, "share_of_window", overhead.share_of_window, "`bpf_ns` as a share of the window's length: 1 is all of one CPU."),
	END,
};

const struct member record_members[] = {
	{"schema", TYPE_SCHEMA, 0, false, 0, 0, 0, NULL, "Name and version of this schema."},
	OBJECT("tool", tool_members, "What made the record."),
	MEMBER(record, TIME, started_at, "When the window opened, by the clock of the wall (RFC 3339)."),
	OBJECT("host", host_members, "Where it was made."),
	WORD(record, mode, MODE, "How the tracer was attached to faults."),
	WORD(record, stack, STACK, "How call chains were taken: by call frame information, by frame pointers, or not at all."),
	LIST(FIRST, record, "target", target, nr_target, target_members, "The first of `targets`."),
	LIST(ARRAY, record, "targets", target, nr_target, target_members, "The processes that were watched."),
	OBJECT("migration", migration_members, "The migration that the window was of; its members are null where it was of none."),
	OBJECT("window", window_members, "From when to when, and why."),
	OBJECT("totals", totals_members, "Sums over all call sites."),
	LIST(ARRAY, record, "accounting", accounting, nr_accounting, accounting_members, "The books: what was traced beside what the kernel's own figures changed by, a file or a process each."),
	OBJECT("lost", lost_members, "What is missing from this record."),
	LIST(ARRAY, record, "callsites", callsites, nr_callsites, callsite_members, "Who populated memory, by populated pages, largest first."),
	LIST(ARRAY, record, "backing", backing, nr_backing, backing_members, "Sums over the call sites by memory, RAM blocks first."),
	LIST(ARRAY, record, "advice", advice, nr_advice, advice_members, "Calls that gave memory back or advised so."),
	LIST(ARRAY, record, "threads", threads, nr_threads, thread_members, "Threads that faulted, populated or released."),
	LIST(ARRAY, record, "timeline", timeline, nr_timeline, tick_members, "Sums so far, at moments of the window."),
	LIST(ARRAY, record, "phases", phases, nr_phases, phase_members, "Phases of the migration one after the other, as far as they could be told."),
	OBJECT("overhead", overhead_members, "What tracing cost the targets."),
	END,
};
/* clang-format on */
