// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Traces this process itself. No code is mapped between the opening and the closing of the window,
 * so its mappings need not be read again meanwhile.
 */
#include "cmd/replay_trace.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "symbol/rules.h"
#include "tracer/tracer.h"
#include "verify/traced.h"

struct replay_trace {
	struct traced traced;
	struct rules *rules;
};

static int attach(struct replay_trace *t)
{
	struct trial_error error = {0};

	if (!traced__attach(&t->traced, getpid(), MODE_AUTO, "--trace", &error))
		return STATUS_OK;
	return fail(error.machine ? STATUS_MACHINE : STATUS_FAULT, "%s", error.text);
}

int replay_trace__open(struct replay_trace **out, bool verbose)
{
	struct rules_files none = {0};
	struct replay_trace *t;
	int status;

	*out = NULL;
	status = check_surroundings();
	if (status)
		return status;
	t = calloc(1, sizeof(*t));
	if (!t)
		return fail(STATUS_FAULT, "%s", strerror(ENOMEM));
	tracer__set_verbose(verbose);
	status = rules_files__open(&none, &t->rules);
	if (!status)
		status = attach(t);
	if (status) {
		replay_trace__close(t);
		return status;
	}
	*out = t;
	return STATUS_OK;
}

int replay_trace__begin(struct replay_trace *t)
{
	int err = traced__open(&t->traced, REASON_REPLAY_START);

	return err ? fail(STATUS_FAULT, "cannot trace: %s", strerror(-err)) : STATUS_OK;
}

int replay_trace__end(struct replay_trace *t, struct record **out)
{
	int err = traced__close(&t->traced, REASON_REPLAY_END, t->rules, out);

	return err ? fail(STATUS_FAULT, "cannot make the record: %s", strerror(-err)) : STATUS_OK;
}

void replay_trace__close(struct replay_trace *t)
{
	if (!t)
		return;
	traced__free(&t->traced);
	rules__free(t->rules);
	free(t);
}
