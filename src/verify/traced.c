// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Traces one process in one window, and makes a record.
 */
#include "verify/traced.h"

#include <stdio.h>
#include <string.h>

#include "symbol/resolve.h"

int traced__attach(struct traced *t, pid_t pid, enum mode mode, const char *name,
		   struct trial_error *error)
{
	struct tracer_options options = {
		.mode = mode, .stack = STACK_CFI, .tgids = &pid, .nr_tgids = 1};
	struct resolver_options names = {0};
	char why[512];
	int err;

	memset(t, 0, sizeof(*t));
	err = tracer__open(&t->tracer, &options, why, sizeof(why));
	if (err) {
		error->machine = tracer__machine_lacks(err);
		snprintf(error->text, sizeof(error->text),
			 "%s: %s; \"migpop doctor\" says what this kernel allows", name, why);
		return err;
	}
	err = session__init(&t->session, t->tracer, options.stack, &names);
	t->has_session = true;
	if (!err)
		err = session__add_targets(&t->session, &pid, 1);
	if (err)
		snprintf(error->text, sizeof(error->text), "%s: cannot trace: %s", name,
			 strerror(-err));
	return err;
}

void traced__free(struct traced *t)
{
	if (t->has_session)
		session__free(&t->session);
	tracer__close(t->tracer);
	memset(t, 0, sizeof(*t));
}

int traced__open(struct traced *t, enum window_reason by)
{
	return session__open(&t->session, by);
}

int traced__close(struct traced *t, enum window_reason by, const struct rules *rules,
		  struct record **out)
{
	/* Pages that were given back may wait in a batch of the kernel: have them freed, and
	 * counted, now. */
	tracer__drain();
	t->session.rules = rules;
	return session__close(&t->session, by, NULL, out);
}

int traced__fd(const struct traced *t)
{
	return t->has_session ? tracer__changes_fd(t->tracer) : -1;
}

void traced__read_mappings(struct traced *t)
{
	session__read_changed_mappings(&t->session);
}
