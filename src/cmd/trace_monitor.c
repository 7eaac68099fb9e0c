// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A migration as its monitor tells of it.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "clock.h"
#include "cmd/trace_monitor.h"
#include "qemu/migration.h"
#include "qemu/qmp.h"

enum { TIMEOUT_MS = 5000, LAST_WORDS = 50 };

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

int monitor__open(struct monitor *m, const char *path)
{
	return qmp__open(&m->qmp, path, TIMEOUT_MS);
}

void monitor__close(struct monitor *m)
{
	if (m->qmp && m->switched_on)
		migration__switch(m->qmp, "events", false);
	qmp__close(m->qmp);
	m->qmp = NULL;
}

void monitor__tell_phases(struct monitor *m, struct phases *phases)
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

/* Statuses of a migration that is on its way; before them is "none", after them it is over. */
static bool is_under_way(const char *status)
{
	static const char *const states[] = {"setup",
					     "cancelling",
					     "active",
					     "device",
					     "postcopy-active",
					     "postcopy-paused",
					     "postcopy-recover",
					     "postcopy-recover-setup",
					     "pre-switchover",
					     "wait-unplug",
					     "colo"};

	for (size_t i = 0; i < sizeof(states) / sizeof(*states); i++)
		if (!strcmp(status, states[i]))
			return true;
	return false;
}

/* A state is seen a moment before its event is sent. */
static void hear_last_words(struct monitor *m)
{
	struct migration_state state;

	if (!m->phases || !m->phases->n)
		return;
	for (int i = 0; i < LAST_WORDS; i++) {
		if (migration__query(m->qmp, &state))
			return;
		if (!m->phases->under_way)
			break;
	}
	phases__on_downtime(m->phases, state.downtime_ms);
}

enum window_reason monitor__follow(struct monitor *m)
{
	char status[32];
	int err = qmp__migration_status(m->qmp, status, sizeof(status));

	if (err == -ETIMEDOUT)
		return REASON_UNKNOWN; /* QEMU is busy: ask again */
	if (err)
		return REASON_MONITOR_GONE;
	if (is_under_way(status)) {
		m->migrating = true;
		return REASON_UNKNOWN;
	}
	if (!strcmp(status, "none") || (!m->migrating && strcmp(status, "completed")))
		return REASON_UNKNOWN;
	hear_last_words(m);
	snprintf(m->reason, sizeof(m->reason), "migration %s (QMP)", status);
	return REASON_MIGRATION_END;
}
