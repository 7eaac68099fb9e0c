// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Describes a process for a record.
 */
#include "proc/describe.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "proc/container.h"
#include "proc/process.h"
#include "proc/text.h"
#include "record.h"

enum { WORDS_MAX = 1 << 16 }; /* of a command line; a process may make it of zeros alone */

static void split_cmdline(struct record_target *t, const char *text, size_t len)
{
	size_t n = 0;

	for (size_t i = 0; i < len && n < WORDS_MAX; i++)
		n += !text[i];
	t->cmdline = calloc(n ? n : 1, sizeof(*t->cmdline));
	if (!t->cmdline)
		return;
	for (size_t at = 0; at < len && t->nr_cmdline < n; at += strlen(text + at) + 1) {
		char *word = strdup(text + at);

		if (!word)
			return;
		t->cmdline[t->nr_cmdline++] = word;
	}
}

/* The effective user id. */
static int64_t uid_of(pid_t pid)
{
	char *status = proc__read(pid, "status", NULL);
	const char *line = status ? strstr(status, "\nUid:") : NULL;
	unsigned int uid;
	int n = line ? sscanf(line, "\nUid: %*u %u", &uid) : 0;

	free(status);
	return n == 1 ? uid : RECORD_UNKNOWN;
}

/* The path in the hierarchy of version 2, which has number 0, also on hosts that have both
 * versions. */
static char *cgroup_of(const char *text)
{
	char *path = NULL;

	for (const char *line = text; line && !path; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (!strncmp(line, "0::", 3))
			path = strndup(line + 3, strcspn(line + 3, "\n"));
	}
	return path;
}

static void describe_cgroup(pid_t pid, struct record_target *t)
{
	char *text = proc__read(pid, "cgroup", NULL);
	struct container c;

	if (!text)
		return;
	t->cgroup = cgroup_of(text);
	container__find(text, &c);
	if (*c.pod)
		t->pod_uid = strdup(c.pod);
	if (*c.id)
		t->container_id = strdup(c.id);
	free(text);
}

void proc__describe(pid_t pid, struct record_target *t)
{
	char path[64], exe[4096];
	size_t len = 0;
	ssize_t got;
	char *text;

	t->pid = (uint32_t)pid;
	t->uid = uid_of(pid);
	describe_cgroup(pid, t);
	t->comm = proc__comm(pid);
	snprintf(path, sizeof(path), "/proc/%d/exe", (int)pid);
	got = readlink(path, exe, sizeof(exe) - 1);
	if (got > 0) {
		exe[got] = '\0';
		t->exe = strdup(exe);
	}
	text = proc__read(pid, "cmdline", &len);
	if (text)
		split_cmdline(t, text, len);
	free(text);
}
