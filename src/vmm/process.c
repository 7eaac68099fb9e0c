// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Asks the row of the VMM that a process runs about its command line and its threads.
 */
#include "vmm/process.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proc/describe.h"
#include "proc/process.h"
#include "proc/text.h"
#include "record.h"
#include "vmm/program.h"
#include "vmm/vmm.h"

static const struct vmm *vmm_of(pid_t pid)
{
	return vmm__or_first(program__of(pid).vmm);
}

bool vmm_process__is_one(pid_t pid)
{
	return program__of(pid).vmm;
}

uint32_t vmm_process__number(pid_t pid)
{
	return vmm__number(vmm_of(pid));
}

void vmm_process__describe(pid_t pid, struct record_target *t)
{
	struct program program = program__of(pid);

	proc__describe(pid, t);
	if (program.vmm)
		t->vmm_name = strdup(program.vmm->name);
	vmm__describe(t);
}

/* "--incoming" is "-incoming", too. */
static bool has_option(pid_t pid, const char *name)
{
	size_t len = 0, at = 0;
	char *text = proc__read(pid, "cmdline", &len);
	bool found = false;

	if (!text)
		return false;
	while (at < len && !found) {
		const char *word = text + at;

		found = !strcmp(word, name) || (word[0] == '-' && !strcmp(word + 1, name));
		at += strlen(word) + 1;
	}
	free(text);
	return found;
}

static enum sender_thread sender(const struct vmm *vmm, pid_t tid)
{
	char *comm = proc__comm(tid);
	enum thread_kind is = comm ? vmm__thread(vmm, comm) : THREAD_UNKNOWN;

	free(comm);
	return is <= THREAD_SENDS_DUMP ? (enum sender_thread)is : SENDER_UNKNOWN;
}

enum sender_thread vmm_process__sender(pid_t pid, pid_t tid)
{
	return sender(vmm_of(pid), tid);
}

void vmm_process__state(pid_t pid, struct emulator_state *out)
{
	const struct vmm *vmm = vmm_of(pid);
	struct dirent *entry;
	char path[64];
	DIR *tasks;

	*out = (struct emulator_state){.incoming = vmm->incoming && has_option(pid, vmm->incoming)};
	snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
	tasks = opendir(path);
	while (tasks && !out->migration_thread && (entry = readdir(tasks))) {
		pid_t tid = (pid_t)strtol(entry->d_name, NULL, 10);

		if (tid > 0 && sender(vmm, tid) != SENDER_UNKNOWN)
			out->migration_thread = tid;
	}
	if (tasks)
		closedir(tasks);
}
