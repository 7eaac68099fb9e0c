// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What each event of a monitor, or each time in a window, means for the phases.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "books/outcome.h"
#include "books/phases.h"

void phases__free(struct phases *p)
{
	free(p->v);
	memset(p, 0, sizeof(*p));
}

static struct phase_mark *last(const struct phases *p)
{
	return p->n ? &p->v[p->n - 1] : NULL;
}

static int mark(struct phases *p, u64 ns, enum phase phase, u32 round)
{
	struct phase_mark *more;

	if (p->n && last(p)->phase == phase && last(p)->round == round)
		return 0;
	more = reallocarray(p->v, p->n + 1, sizeof(*more));
	if (!more)
		return -ENOMEM;
	p->v = more;
	more[p->n++] = (struct phase_mark){ns, phase, round};
	return 0;
}

static bool is(const char *status, const char *const *names)
{
	for (; *names; names++)
		if (!strcmp(status, *names))
			return true;
	return false;
}

int phases__on_status(struct phases *p, u64 ns, const char *status)
{
	static const char *const ends[] = {"none", "completed", "failed", "cancelled", NULL};
	static const char *const postcopies[] = {"postcopy-active", "postcopy-paused",
						 "postcopy-recover", "postcopy-recover-setup",
						 NULL};

	if (is(status, ends)) {
		bool was = p->under_way;

		p->under_way = p->stopped = false;
		return was ? mark(p, ns, PHASE_NONE, 0) : 0;
	}
	if (!strcmp(status, "setup") && !p->under_way) {
		p->n = 0;
		p->under_way = true;
		p->round = 0;
		return p->incoming ? 0 : mark(p, ns, PHASE_SETUP, 0);
	}
	p->under_way = true;
	if (is(status, postcopies)) {
		p->stopped = false;
		return mark(p, ns, PHASE_POSTCOPY, 0);
	}
	if (strcmp(status, "active") || p->stopped)
		return 0;
	/* QEMU 11.1 counts the first round without an event. */
	if (p->n && last(p)->phase == PHASE_SETUP && !p->round)
		p->round = 1;
	return mark(p, ns, p->incoming ? PHASE_INCOMING : PHASE_PRECOPY, p->round);
}

int phases__on_pass(struct phases *p, u64 ns, u32 pass)
{
	struct phase_mark *at = last(p);

	p->round = pass;
	if (!p->under_way || !at)
		return 0;
	if (at->phase == PHASE_DOWNTIME)
		at->round = pass; /* the last round: what the guest has dirtied until it stopped */
	/* A pass during the setup is the first round's, which begins when the setup has ended. */
	return at->phase == PHASE_PRECOPY ? mark(p, ns, PHASE_PRECOPY, pass) : 0;
}

int phases__on_stop(struct phases *p, u64 ns)
{
	struct phase_mark *at = last(p);

	if (!p->under_way || p->incoming || !at)
		return 0;
	/* Postcopy does not begin before the guest has stopped here. */
	p->early = at->phase == PHASE_POSTCOPY && p->n > 1 && p->v[p->n - 2].phase == PHASE_PRECOPY;
	if (p->early)
		p->n--;
	else if (at->phase != PHASE_PRECOPY)
		return 0;
	p->stopped = true;
	return mark(p, ns, PHASE_DOWNTIME, 0);
}

int phases__on_resume(struct phases *p, u64 ns)
{
	struct phase_mark *at = last(p);

	if (!at || !p->under_way)
		return 0;
	/* At a destination the guest runs now. At a source somebody else had stopped it, or it goes on
	 * after the switch has failed: what began as downtime was none. */
	if (at->phase == PHASE_INCOMING)
		return mark(p, ns, PHASE_NONE, 0);
	if (at->phase != PHASE_DOWNTIME)
		return 0;
	p->stopped = false;
	p->n--;
	return p->round == last(p)->round ? 0 : mark(p, at->ns, PHASE_PRECOPY, p->round);
}

int phases__on_downtime(struct phases *p, int64_t downtime_ms)
{
	struct phase_mark *at, end;

	if (p->n < 2)
		return 0;
	at = &p->v[p->n - 2];
	end = p->v[p->n - 1];
	if (!p->early || at->phase != PHASE_DOWNTIME || end.phase != PHASE_NONE)
		return 0;
	p->n--;
	if (downtime_ms < 0)
		*at = (struct phase_mark){at->ns, PHASE_POSTCOPY, 0};
	else if (mark(p, at->ns + (u64)downtime_ms * 1000000, PHASE_POSTCOPY, 0))
		return -ENOMEM;
	return mark(p, end.ns, PHASE_NONE, 0);
}

int phases__of_window(struct phases *p, const struct window *w)
{
	int err = 0;

	p->n = 0;
	if (w->incoming) {
		err = mark(p, w->open_ns, PHASE_INCOMING, 0);
		if (!err && w->postcopy_ns)
			err = mark(p, w->postcopy_ns, PHASE_POSTCOPY, 0);
		else if (!err && w->ran_ns)
			err = mark(p, w->ran_ns, PHASE_NONE, 0);
	} else if (w->ran_ns && window__outcome(w) == OUTCOME_COMPLETED) {
		err = mark(p, w->ran_ns, PHASE_STOPPED, 0);
	}
	return err ? err : mark(p, w->close_ns, PHASE_NONE, 0);
}

static u64 within(u64 ns, const struct record *r)
{
	if (ns < r->start_ns)
		return 0;
	return (ns > r->end_ns ? r->end_ns : ns) - r->start_ns;
}

int phases__put(const struct phase_mark *marks, size_t n, struct record *r)
{
	for (size_t i = 0; i < n; i++) {
		const struct phase_mark *m = &marks[i];
		u64 begin = within(m->ns, r);
		u64 end = within(i + 1 < n ? m[1].ns : r->end_ns, r);
		struct record_phase *phase;

		if (m->phase == PHASE_NONE || end < begin)
			continue;
		phase = record__add_phase(r);
		if (!phase)
			return -ENOMEM;
		phase->name = phase__name(m->phase);
		phase->round = m->round;
		phase->begin_ns = begin;
		phase->end_ns = end;
	}
	return 0;
}
