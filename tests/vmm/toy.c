// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The row of toyvmm, which the test of the recipe "A new VMM" adds.
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "record.h"
#include "toy.h"

static const char *const scripts[] = {"toyvmm", NULL};
static const struct vmm_comm comms[] = {{.name = "toyvmm"}, {.name = NULL}};
static const struct vmm_thread threads[] = {
	{"toy-send", THREAD_SENDS_LIVE},
	{.name = NULL},
};

/* "--name web --memory 32" */
static int describe(struct record_target *t)
{
	for (size_t i = 0; i + 1 < t->nr_cmdline; i++) {
		const char *value = t->cmdline[i + 1];

		if (!strcmp(t->cmdline[i], "--memory"))
			t->ram_bytes = strtol(value, NULL, 10) << 20;
		if (strcmp(t->cmdline[i], "--name") != 0)
			continue;
		free(t->guest);
		t->guest = strdup(value);
		if (!t->guest)
			return -ENOMEM;
	}
	return 0;
}

const struct vmm vmm_toy = {
	.name = "toy",
	.rules = "toy.rules",
	.scripts = scripts,
	.comms = comms,
	.describe = describe,
	.threads = threads,
};
