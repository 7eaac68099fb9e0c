// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What /proc and /sys say of the host.
 */
#include "proc/system.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "proc/text.h"

bool proc__has_swap(void)
{
	char *swaps = text__read("/proc/swaps", NULL);
	char *second = swaps ? strchr(swaps, '\n') : NULL;
	bool has = second && second[1];

	free(swaps);
	return has;
}

bool proc__huge_always(void)
{
	char *text = text__read("/sys/kernel/mm/transparent_hugepage/enabled", NULL);
	bool always = text && strstr(text, "[always]");

	free(text);
	return always;
}

int64_t proc__pages_of_fault(void)
{
	char *enabled = text__read("/sys/kernel/mm/transparent_hugepage/enabled", NULL);
	char *size = text__read("/sys/kernel/mm/transparent_hugepage/hpage_pmd_size", NULL);
	bool huge = enabled && size && !strstr(enabled, "[never]");
	int64_t pages = huge ? strtoll(size, NULL, 10) / sysconf(_SC_PAGESIZE) : 1;

	free(enabled);
	free(size);
	return pages > 0 ? pages : 1;
}

const char *proc__lockdown(void)
{
	static const char *const levels[] = {"none", "integrity", "confidentiality"};
	char *text = text__read("/sys/kernel/security/lockdown", NULL);
	const char *found = NULL, *open = text ? strchr(text, '[') : NULL;

	for (size_t i = 0; open && i < sizeof(levels) / sizeof(*levels); i++)
		if (!strncmp(open + 1, levels[i], strlen(levels[i])))
			found = levels[i];
	free(text);
	return found;
}

const char *proc__boot_id(void)
{
	static char id[64];
	char *text = *id ? NULL : text__read("/proc/sys/kernel/random/boot_id", NULL);

	if (text)
		snprintf(id, sizeof(id), "%.*s", (int)strcspn(text, "\n"), text);
	free(text);
	return *id ? id : NULL;
}
