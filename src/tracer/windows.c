// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Windows that the kernel opens and closes with a migration: which processes have them, and what is
 * heard of them. Knows nothing of records.
 */
#include <errno.h>
#include <stdint.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "tracer/tracer.h"
#include "tracer/tracer_internal.h"
#include "tracer/unwind_tables.h"
#include "vmm/process.h"
#include "vmm/vmm.h"

/* No descriptor: one that is closed is not the end of the migration. */
enum { NO_STREAM = INT32_MAX };

static int on_event(void *data, void *sample, size_t size)
{
	struct tracer *t = data;

	if (size >= sizeof(struct window_event) && t->on_event)
		t->on_event(sample, t->on_event_data);
	return 0;
}

int tracer__begin_windows(struct tracer *t)
{
	t->window_events = ring_buffer__new(bpf_map__fd(t->skel->maps.window_events), on_event, t,
					    NULL);
	return t->window_events ? 0 : -errno;
}

int tracer__window_fd(const struct tracer *t)
{
	return t->window_events ? ring_buffer__epoll_fd(t->window_events) : -1;
}

void tracer__window_events(struct tracer *t, tracer_event_fn *event, void *data)
{
	static const struct window_event missed = {.kind = WINDOW_EVENT_MISSED};

	if (!t->window_events)
		return;
	t->on_event = event;
	t->on_event_data = data;
	ring_buffer__consume(t->window_events);
	if (__atomic_exchange_n(&t->skel->bss->window_events_missed, 0, __ATOMIC_SEQ_CST))
		event(&missed, data);
}

static int set_window(struct tracer *t, u32 tgid, struct window *w, u64 flags)
{
	w->vmm = vmm_process__number((pid_t)tgid);
	return bpf_map__update_elem(t->skel->maps.windows, &tgid, sizeof(tgid), w, sizeof(*w),
				    flags);
}

bool tracer__window(struct tracer *t, pid_t pid, struct window *out)
{
	u32 tgid = (u32)pid;

	return !bpf_map__lookup_elem(t->skel->maps.windows, &tgid, sizeof(tgid), out, sizeof(*out),
				     0);
}

bool tracer__has_open_window(struct tracer *t)
{
	struct bpf_map *windows = t->skel->maps.windows;
	u32 tgid, *at = NULL;
	struct window w;

	for (; !bpf_map__get_next_key(windows, at, &tgid, sizeof(tgid)); at = &tgid)
		if (tracer__window(t, (pid_t)tgid, &w) && w.state == WINDOW_OPEN)
			return true;
	return false;
}

int tracer__enter(struct tracer *t, pid_t pid)
{
	struct window armed;
	u32 tgid = (u32)pid;

	/* What another of that number left is none of its own. */
	if (!tracer__window(t, pid, &armed))
		bpf_map__delete_elem(t->skel->maps.processes, &tgid, sizeof(tgid), 0);
	tgid_bit__set(t->skel->bss->target_bits, pid);
	tracer__read_mappings(t, &pid, 1);
	return tracer__enter_memory_of(t, pid);
}

int tracer__enter_windows(struct tracer *t)
{
	const struct bpf_map *windows = t->skel->maps.windows;
	u32 tgid, *at = NULL;
	int err = 0;

	for (; !err && !bpf_map__get_next_key(windows, at, &tgid, sizeof(tgid)); at = &tgid)
		err = tracer__enter_memory_of(t, (pid_t)tgid);
	return err;
}

int tracer__arm(struct tracer *t, pid_t pid, u32 awaits)
{
	struct window w = {.awaits = awaits, WINDOW_UNKNOWN};
	int err = set_window(t, (u32)pid, &w, BPF_NOEXIST);

	if (!err && awaits & AWAITS_STREAM)
		tgid_bit__set(t->skel->bss->signal_bits, pid);
	if (err != -EEXIST)
		return err;
	/* It had one as it was started. Only now it is known whether it can receive anything; what
	 * has opened meanwhile wants to hear of its end. */
	if (!(awaits & AWAITS_STREAM))
		tgid_bit__clear(t->skel->bss->signal_bits, pid);
	if (tracer__window(t, pid, &w) && w.state == WINDOW_OPEN)
		tgid_bit__set(t->skel->bss->signal_bits, pid);
	return 0;
}

void tracer__answer(struct tracer *t, const struct program_key *program, const struct vmm *vmm)
{
	u32 answer = vmm ? PROGRAM_IS_VMM + vmm__number(vmm) : PROGRAM_ASKED_MAX;

	/* If the answer cannot be stored, the same is asked again. */
	bpf_map__update_elem(t->skel->maps.programs, program, sizeof(*program), &answer,
			     sizeof(answer), BPF_ANY);
}

int tracer__arm_started(struct tracer *t, pid_t pid, u32 awaits)
{
	struct window w, old;
	int err = 0;

	if (!tracer__window(t, pid, &old))
		return -ESRCH;
	if (old.state == WINDOW_WAITS && (old.awaits & awaits) != awaits) {
		w = (struct window){.awaits = old.awaits | awaits, WINDOW_UNKNOWN};
		err = set_window(t, (u32)pid, &w, BPF_EXIST);
		tgid_bit__set(t->skel->bss->signal_bits, pid);
	}
	if (!err)
		err = tracer__enter(t, pid);
	return err ? err : tracer__find_others(t);
}

int tracer__arm_under_way(struct tracer *t, pid_t pid, u32 awaits, const struct under_way *u)
{
	struct window w = {
		.state = WINDOW_WAKES,
		.opened_by = SIGNAL_UNDER_WAY,
		.awaits = awaits,
		.incoming = !u->thread && !u->sends,
		.thread = (u32)u->thread,
		.sender = u->thread ? vmm_process__sender(pid, u->thread) : SENDER_UNKNOWN,
		.stream = u->told ? NO_STREAM : u->stream,
		.cut = -1,
		.accepted = -1,
	};
	int err = set_window(t, (u32)pid, &w, BPF_ANY);

	return err ? err : program__run(t->skel->progs.window__begin_now, (u32)pid, 0);
}

int tracer__rearm(struct tracer *t, pid_t pid, u32 awaits)
{
	struct window w = {.awaits = awaits, WINDOW_UNKNOWN};
	int err = set_window(t, (u32)pid, &w, BPF_ANY);

	if (err)
		return err;
	if (w.awaits & AWAITS_STREAM)
		tgid_bit__set(t->skel->bss->signal_bits, pid);
	else
		tgid_bit__clear(t->skel->bss->signal_bits, pid);
	/* It may have opened at once. */
	if (tracer__window(t, pid, &w) && w.state == WINDOW_OPEN)
		tgid_bit__set(t->skel->bss->signal_bits, pid);
	return 0;
}

void tracer__disarm(struct tracer *t, pid_t pid)
{
	u32 tgid = (u32)pid;

	tgid_bit__clear(t->skel->bss->signal_bits, pid);
	tgid_bit__clear(t->skel->bss->watched_bits, pid);
	tgid_bit__clear(t->skel->bss->target_bits, pid);
	tracer__remove_all(t, pid);
	bpf_map__delete_elem(t->skel->maps.windows, &tgid, sizeof(tgid), 0);
	bpf_map__delete_elem(t->skel->maps.processes, &tgid, sizeof(tgid), 0);
	tracer__forget_raw(t, pid);
	if (t->tables)
		unwind_tables__forget(t->tables, pid);
}

int tracer__close_window(struct tracer *t, pid_t pid, enum window_signal by)
{
	int err = program__run(t->skel->progs.window__close_now, (u32)pid, by);

	tgid_bit__clear(t->skel->bss->signal_bits, pid);
	return err;
}

int tracer__settle(struct tracer *t)
{
	int err = grace__wait(&t->grace);

	tracer__unwind_all(t);
	return err ? err : program__iterate(t->skel->progs.common__settle);
}
