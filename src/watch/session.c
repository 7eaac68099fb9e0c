// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The life of a session, and of a window that one call opens and another closes.
 */
#include "watch/session.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "array.h"
#include "books/books.h"
#include "symbol/resolve.h"
#include "watch/finish.h"
#include "watch/gather.h"
#include "watch/look.h"
#include "watch/session_internal.h"
#include "watch/snapshot.h"

static void on_unreadable(pid_t pid, const char *path, int err, void *data)
{
	char what[512];

	resolver__say_unreadable(what, sizeof(what), pid, path, err);
	tracer__tell(data, pid, "executable", what);
}

int session__init(struct session *s, struct tracer *tracer, enum stack_kind stack,
		  const struct resolver_options *names)
{
	struct resolver_options options = *names;

	options.unreadable = on_unreadable;
	options.data = tracer;
	session__init_shared(s, tracer, stack, resolver__new(&options));
	s->shares_resolver = false;
	return s->resolver ? 0 : -ENOMEM;
}

void session__init_shared(struct session *s, struct tracer *tracer, enum stack_kind stack,
			  struct resolver *resolver)
{
	memset(s, 0, sizeof(*s));
	s->tracer = tracer;
	s->stack = stack;
	s->resolver = resolver;
	s->shares_resolver = true;
}

void session__free(struct session *s)
{
	for (size_t i = 0; i < s->nr_targets; i++)
		target__free(&s->targets[i]);
	free(s->targets);
	free(s->ticks);
	phases__free(&s->phases);
	snapshot__free(&s->open);
	if (!s->shares_resolver)
		resolver__free(s->resolver);
}

/* --- targets --- */

int session__note_targets(struct session *s, const pid_t *pids, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct target *more = array__grow(s->targets, s->nr_targets, sizeof(*more));
		int err;

		if (!more)
			return -ENOMEM;
		s->targets = more;
		err = target__init(&more[s->nr_targets], pids[i], s->resolver);
		if (err)
			return err;
		s->nr_targets++;
	}
	return 0;
}

int session__add_targets(struct session *s, const pid_t *pids, size_t n)
{
	int err = session__note_targets(s, pids, n);

	if (!err)
		tracer__add_targets(s->tracer, pids, n);
	return err;
}

void session__tell_blocks(struct session *s, size_t i, struct ram_told *told, size_t n)
{
	free(s->targets[i].told);
	s->targets[i].told = told;
	s->targets[i].nr_told = n;
	target__find_blocks(&s->targets[i]);
}

void session__describe(struct session *s, size_t i)
{
	target__describe(&s->targets[i], s->resolver);
}

static void remember_mappings_of(pid_t pid, void *data)
{
	struct session *s = data;

	resolver__remember(s->resolver, pid);
}

void session__read_changed_mappings(struct session *s)
{
	tracer__read_changed_mappings(s->tracer, remember_mappings_of, s);
}

void session__remember_code(struct session *s)
{
	for (size_t i = 0; i < s->nr_targets; i++)
		if (target__has_memory(&s->targets[i]))
			resolver__remember(s->resolver, s->targets[i].pid);
}

static void look_at(struct session *s, struct target *t, const struct counters *now)
{
	target__find_blocks(t);
	target__look(t, &s->open.counters, now, LOOK_NS / s->nr_targets);
}

static void look_at_content(struct session *s, const struct counters *now)
{
	for (size_t i = 0; i < s->nr_targets; i++)
		if (target__has_memory(&s->targets[i]))
			look_at(s, &s->targets[i], now);
}

void session__look_at_exit(struct session *s, size_t i)
{
	struct counters now;

	if (!tracer__read(s->tracer, 0, &now)) {
		look_at(s, &s->targets[i], &now);
		counters__free(&now);
	}
}

/* --- the parts of a window --- */

static int take_snapshot(struct session *s, bool counting, struct snapshot *snap)
{
	return snapshot__take(snap, s->tracer, s->targets, s->nr_targets,
			      s->windowed ? s->targets[0].pid : 0, counting);
}

int session__begin_books(struct session *s)
{
	struct snapshot snap;
	int err = take_snapshot(s, false, &snap);

	if (err)
		return err;
	snapshot__free(&s->open);
	s->open = snap;
	s->nr_ticks = 0;
	return 0;
}

static int add_tick(struct session *s, const struct snapshot *snap)
{
	struct record_tick *more = reallocarray(s->ticks, s->nr_ticks + 1, sizeof(*more));

	if (!more)
		return -ENOMEM;
	s->ticks = more;
	s->room.pid = s->targets[0].pid;
	s->room.windowed = s->windowed;
	room__tell(&s->room, s->tracer, &s->open.counters, &snap->counters);
	books__tick(&s->open, snap, &s->ticks[s->nr_ticks++]);
	return 0;
}

static int make_record(struct session *s, const struct snapshot *close,
		       const struct window_end *end, struct record **raw)
{
	struct gathered g;
	int err = gathered__fill(&g, s, close);

	g.facts.closed_by = end->by;
	g.facts.closed_by_text = end->text;
	g.facts.migration = end->migration;
	g.facts.outcome = end->outcome;
	if (!err)
		err = books__make_record(&s->open, close, &g.facts, raw);
	gathered__free(&g);
	return err;
}

int session__finish(struct session *s, struct record **r)
{
	int err = finish__record(*r, s->resolver, s->targets, s->nr_targets, s->rules);

	if (err) {
		record__free(*r);
		*r = NULL;
	}
	return err;
}

int session__end_books(struct session *s, u64 ns, const struct window_end *end, struct record **raw)
{
	struct snapshot snap;
	int err = take_snapshot(s, false, &snap);

	if (err)
		return err;
	snap.counters.taken_ns = ns;
	err = add_tick(s, &snap);
	look_at_content(s, &snap.counters);
	if (!err)
		err = make_record(s, &snap, end, raw);
	snapshot__free(&s->open);
	s->open = snap;
	return err;
}

/* --- a window that calls open and close --- */

int session__open(struct session *s, enum window_reason by)
{
	int err;

	tracer__drain();
	err = tracer__enter_memory(s->tracer);
	if (!err)
		err = session__begin_books(s);
	s->opened_by = by;
	return err ? err : tracer__begin(s->tracer, &s->open.counters.taken_ns);
}

int session__tick(struct session *s, struct record **out)
{
	struct snapshot snap;
	int err;

	err = take_snapshot(s, true, &snap);
	if (err)
		return err;
	err = add_tick(s, &snap);
	session__remember_code(s);
	for (size_t i = 0; i < s->nr_targets; i++)
		if (!s->targets[i].blocks.n && target__has_memory(&s->targets[i]))
			target__find_blocks(&s->targets[i]); /* it may just have been started */
	if (!err && out)
		err = make_record(s, &snap, &(struct window_end){.by = REASON_STILL_OPEN}, out);
	snapshot__free(&snap);
	return !err && out ? session__finish(s, out) : err;
}

int session__close(struct session *s, enum window_reason by, const char *text, struct record **out)
{
	const struct window_end end = {.by = by, .text = text};
	u64 ns;
	int err;

	err = tracer__stop(s->tracer, &ns);
	session__remember_code(s);
	if (!err)
		err = session__end_books(s, ns, &end, out);
	return err ? err : session__finish(s, out);
}
