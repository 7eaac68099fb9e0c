// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Follows a migration through QEMU's monitor, by the words and events of QMP.
 */
#include "vmm/qemu_monitor.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "books/phases.h"
#include "clock.h"
#include "qemu/migration.h"
#include "qemu/qmp.h"
#include "vmm/qemu_blocks.h"
#include "record.h"
#include "vmm/process.h"

struct monitor {
	struct qmp *qmp;
	struct phases *phases;
	u64 wall_after_boot_ns;
	bool switched_on;                   /* we switched events on, and must switch them off */
	bool tells;                         /* "last" is about the migration that was traced */
	struct migration_state first, last; /* the answers to the first and to the last question */
	int64_t ram_bytes;                  /* of the guest; -1: QEMU did not say */
};

enum { TIMEOUT_MS = 5000, LAST_WORDS = 200, LAST_WORD_US = 10000 };

static void on_event(const char *name, json_object *data, int64_t wall_us, void *opaque)
{
	const struct monitor *m = opaque;
	u64 ns = (u64)wall_us * 1000 - m->wall_after_boot_ns;
	struct phases *p = m->phases;
	json_object *value = NULL;

	if (!strcmp(name, "MIGRATION") && json_object_object_get_ex(data, "status", &value) &&
	    json_object_is_type(value, json_type_string))
		phases__on_status(p, ns, json_object_get_string(value));
	else if (!strcmp(name, "MIGRATION_PASS") && json_object_object_get_ex(data, "pass", &value))
		phases__on_pass(p, ns, (u32)json_object_get_int64(value));
	else if (!strcmp(name, "STOP"))
		phases__on_stop(p, ns);
	else if (!strcmp(name, "RESUME"))
		phases__on_resume(p, ns);
}

static int open_monitor(struct monitor **out, const char *path)
{
	struct monitor *m = calloc(1, sizeof(*m));
	int err = m ? qmp__open(&m->qmp, path, TIMEOUT_MS) : -ENOMEM;

	*out = err ? NULL : m;
	if (err) {
		free(m);
		return err;
	}
	/* If the monitor does not answer now, it is asked again later. */
	if (migration__query(m->qmp, &m->first))
		strcpy(m->first.status, "none");
	m->last = m->first;
	m->ram_bytes = qemu_blocks__base(m->qmp);
	return 0;
}

static pid_t emulator(const struct monitor *m)
{
	pid_t pid = qmp__peer(m->qmp);

	return pid > 0 && vmm_process__is_one(pid) ? pid : 0;
}

static void close_monitor(struct monitor *m)
{
	if (!m)
		return;
	if (m->switched_on)
		migration__switch(m->qmp, "events", false);
	qmp__close(m->qmp);
	free(m);
}

static void tell_phases(struct monitor *m, struct phases *phases)
{
	struct migration_state state;
	bool on = false;

	m->phases = phases;
	m->wall_after_boot_ns = clock__wall_after_boot_ns();
	phases->incoming = migration__is_incoming(m->qmp);
	if (migration__has(m->qmp, "events", &on))
		return;
	if (!on)
		m->switched_on = on = !migration__switch(m->qmp, "events", true);
	if (!on)
		return;
	qmp__on_event(m->qmp, on_event, m);
	if (migration__query(m->qmp, &state) || phases->n || migration__is_over(&state) ||
	    !strcmp(state.status, "none"))
		return;
	if (state.syncs > 0)
		phases__on_pass(phases, 0, (u32)state.syncs);
	phases__on_status(phases, clock__ns(CLOCK_BOOTTIME), state.status);
}

/* Every status that does not mean "none" or "over" means that the migration goes on, even unknown
 * ones: QEMU 11.1 has "postcopy-device". */
static bool is_under_way(const struct migration_state *state)
{
	return strcmp(state->status, "none") && !migration__is_over(state);
}

static const char *begins_as(const struct monitor *m)
{
	if (is_under_way(&m->first))
		return "a migration is under way: what it did before is not traced";
	if (migration__is_over(&m->first))
		return "its last migration is over: waiting for the next one";
	return "no migration of it has begun: waiting for one";
}

/* True if a migration has ended since the first question. A migration that began and ended between
 * two questions has other figures, or at least another status. */
static bool has_ended(const struct monitor *m)
{
	const struct migration_state *a = &m->first, *b = &m->last;

	return migration__is_over(b) &&
	       (strcmp(a->status, b->status) || a->total_ms != b->total_ms ||
		a->setup_ms != b->setup_ms || a->transferred_bytes != b->transferred_bytes ||
		a->syncs != b->syncs);
}

static enum monitor_says ask(struct monitor *m)
{
	int err = migration__query(m->qmp, &m->last);

	if (err == -ETIMEDOUT)
		return MONITOR_IDLE; /* QEMU is busy: ask again */
	if (err)
		return MONITOR_GONE;
	if (has_ended(m))
		return MONITOR_ENDED;
	/* While QEMU only connects, no page is sent. */
	return is_under_way(&m->last) && strcmp(m->last.status, "setup") ? MONITOR_UNDER_WAY
									 : MONITOR_IDLE;
}

static bool sends(const struct monitor *m)
{
	return !m->phases->incoming;
}

static void hear(struct monitor *m)
{
	qmp__drain(m->qmp);
}

static enum migration_outcome outcome(const char *status)
{
	if (!strcmp(status, "completed"))
		return OUTCOME_COMPLETED;
	if (!strcmp(status, "failed"))
		return OUTCOME_FAILED;
	return !strcmp(status, "cancelled") ? OUTCOME_CANCELLED : OUTCOME_UNKNOWN;
}

static enum migration_outcome last_words(struct monitor *m, bool over)
{
	bool ended = false;

	/* QEMU ends a migration in its main loop, after the thread or the stream has ended, by
	 * which the window was closed; and it changes the state a moment before it sends the event.
	 * */
	for (int i = 0; i < LAST_WORDS; i++) {
		if (migration__query(m->qmp, &m->last))
			return OUTCOME_UNKNOWN;
		ended = has_ended(m);
		if (!over || (ended && !m->phases->under_way))
			break;
		usleep(LAST_WORD_US);
	}
	m->tells = ended || is_under_way(&m->last);
	phases__on_downtime(m->phases, m->last.downtime_ms);
	return ended ? outcome(m->last.status) : OUTCOME_UNKNOWN;
}

static void put(const struct monitor *m, struct record *r)
{
	struct record_migration *to = &r->migration;
	const struct migration_state *from = &m->last;

	/* The command line does not say what is a machine's default. */
	if (r->nr_target && r->target[0].ram_bytes == RECORD_UNKNOWN)
		r->target[0].ram_bytes = record_count__of(m->ram_bytes);
	if (!m->tells)
		return;
	to->total_ms = record_count__of(from->total_ms);
	to->downtime_ms = record_count__of(from->downtime_ms);
	to->setup_ms = record_count__of(from->setup_ms);
	to->transferred_bytes = record_count__of(from->transferred_bytes);
	to->rounds = record_count__of(from->syncs);
}

static int ask_blocks(struct monitor *m, struct ram_told **out, size_t *n)
{
	return qemu_blocks__ask(m->qmp, out, n);
}

static const char *last_status(const struct monitor *m, const char **error)
{
	*error = m->last.error;
	return m->last.status;
}

const struct vmm_monitor qemu_monitor = {
	.open = open_monitor,
	.close = close_monitor,
	.emulator = emulator,
	.begins_as = begins_as,
	.tell_phases = tell_phases,
	.sends = sends,
	.ask = ask,
	.hear = hear,
	.ask_blocks = ask_blocks,
	.last_words = last_words,
	.last_status = last_status,
	.put = put,
};
