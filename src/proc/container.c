// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Reads names of cgroups as container engines make them. A static pod has 32 digits for its UID.
 *
 *   kubepods-burstable-podUID.slice/cri-containerd-ID.scope   with systemd; "_" for "-" in UID
 *   kubepods/burstable/podUID/ID                              with cgroupfs
 *   kubepods-burstable-podUID.slice:cri-containerd:ID         if kubelet and engine disagree
 *   docker-ID.scope, docker/ID, libpod-ID.scope, crio-ID.scope
 */
#include "proc/container.h"

#include <stdbool.h>
#include <string.h>

static const char digits[] = "0123456789abcdef";

enum { ID = 64, UUID = 36, HASH = 32 };

/* True if the rest of a name is empty, or the suffix of a unit. */
static bool ends_unit(const char *rest, size_t len)
{
	return !len || (len == 6 && (!memcmp(rest, ".scope", 6) || !memcmp(rest, ".slice", 6)));
}

static bool is_uuid(const char *s)
{
	static const size_t groups[] = {8, 4, 4, 4, 12};

	for (size_t i = 0; i < sizeof(groups) / sizeof(*groups); i++) {
		if (strspn(s, digits) < groups[i])
			return false;
		s += groups[i];
		if (groups[i] != 12 && *s != '-' && *s != '_')
			return false;
		s++;
	}
	return true;
}

static void take_pod(const char *name, size_t len, char pod[CONTAINER_POD_MAX])
{
	const char *uid = NULL;
	size_t n = 0;

	for (size_t i = 0; i + 3 < len; i++)
		if (!memcmp(name + i, "pod", 3) && (!i || name[i - 1] == '-'))
			uid = name + i + 3;
	if (!uid)
		return;
	len -= (size_t)(uid - name);
	if (len >= UUID && is_uuid(uid))
		n = UUID;
	else if (len >= HASH && strspn(uid, digits) == HASH)
		n = HASH;
	if (!n || !ends_unit(uid + n, len - n))
		return;
	memcpy(pod, uid, n);
	pod[n] = '\0';
	for (char *c = pod; *c; c++)
		if (*c == '_')
			*c = '-';
}

static void take_id(const char *name, size_t len, char id[CONTAINER_ID_MAX])
{
	size_t n = len;

	if (len >= ID + 6 && ends_unit(name + len - 6, 6))
		n = len - 6;
	if (n < ID || strspn(name + n - ID, digits) < ID || (n > ID && name[n - ID - 1] != '-') ||
	    memmem(name, len, "conmon", 6))
		return;
	memcpy(id, name + n - ID, ID);
	id[ID] = '\0';
}

static void take_path(const char *path, size_t len, struct container *out)
{
	for (const char *end = path + len; path < end; path++) {
		size_t n = strcspn(path, "/:\n");

		if (n > (size_t)(end - path))
			n = (size_t)(end - path);
		take_pod(path, n, out->pod);
		take_id(path, n, out->id);
		path += n;
	}
}

void container__find(const char *cgroups, struct container *out)
{
	*out = (struct container){"", ""};
	for (const char *line = cgroups; *line; line += *line == '\n') {
		size_t len = strcspn(line, "\n");
		const char *path = memchr(line, '/', len);

		if (path)
			take_path(path, len - (size_t)(path - line), out);
		line += len;
	}
}
