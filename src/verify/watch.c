// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One process under the tracer, from a moment to another, as a record.
 */
#include "verify/watch.h"

#include <stdio.h>
#include <string.h>

#include "symbol/resolve.h"
#include "symbol/rules.h"

int watch__attach(struct watch *w, pid_t pid, enum mode mode, const char *name,
		  struct trial_error *error)
{
	struct tracer_options options = {
		.mode = mode, .stack = STACK_CFI, .tgids = &pid, .nr_tgids = 1};
	struct resolver_options names = {0};
	char why[512];
	int err;

	memset(w, 0, sizeof(*w));
	err = tracer__open(&w->tracer, &options, why, sizeof(why));
	if (err) {
		error->machine = tracer__machine_lacks(err);
		snprintf(error->text, sizeof(error->text),
			 "%s: %s; \"migpop doctor\" says what this kernel allows", name, why);
		return err;
	}
	err = session__init(&w->session, w->tracer, options.stack, &names);
	w->has_session = true;
	if (!err)
		err = session__watch(&w->session, &pid, 1);
	if (err)
		snprintf(error->text, sizeof(error->text), "%s: cannot trace: %s", name,
			 strerror(-err));
	return err;
}

void watch__free(struct watch *w)
{
	if (w->has_session)
		session__free(&w->session);
	tracer__close(w->tracer);
	memset(w, 0, sizeof(*w));
}

int watch__open(struct watch *w, enum window_reason by)
{
	return session__open(&w->session, by);
}

int watch__close(struct watch *w, enum window_reason by, const struct rules *rules,
		 struct record **out)
{
	int err;

	/* What has been let go is freed now, and counted, not when a batch is full. */
	tracer__drain();
	err = session__close(&w->session, by, NULL, out);
	return err ? err : rules__classify(rules, *out);
}

int watch__fd(const struct watch *w)
{
	return w->has_session ? tracer__changes_fd(w->tracer) : -1;
}

void watch__serve(struct watch *w)
{
	session__serve(&w->session);
}
