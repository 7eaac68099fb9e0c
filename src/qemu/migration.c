// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The few monitor commands that a migration takes.
 */
#include "qemu/migration.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Executes a command that has one string as its argument. */
static int execute_with(struct qmp *qmp, const char *command, const char *key, const char *value,
			json_object **ret)
{
	json_object *arguments = json_object_new_object();
	int err = -ENOMEM;

	if (arguments && !json_object_object_add(arguments, key, json_object_new_string(value)))
		err = qmp__execute(qmp, command, arguments, ret);
	json_object_put(arguments);
	return err;
}

int migration__listen(struct qmp *destination, const char *uri)
{
	return execute_with(destination, "migrate-incoming", "uri", uri, NULL);
}

int migration__start(struct qmp *source, const char *uri)
{
	return execute_with(source, "migrate", "uri", uri, NULL);
}

int migration__limit(struct qmp *source, int64_t bytes_per_second, int64_t downtime_ms)
{
	json_object *arguments = json_object_new_object();
	int err = -ENOMEM;

	if (arguments &&
	    !json_object_object_add(arguments, "max-bandwidth",
				    json_object_new_int64(bytes_per_second)) &&
	    !json_object_object_add(arguments, "downtime-limit",
				    json_object_new_int64(downtime_ms)))
		err = qmp__execute(source, "migrate-set-parameters", arguments, NULL);
	json_object_put(arguments);
	return err;
}

static int64_t number(json_object *from, const char *name)
{
	json_object *value = NULL;

	if (!from || !json_object_object_get_ex(from, name, &value))
		return -1;
	return json_object_get_int64(value);
}

static void text(json_object *from, const char *name, char *out, size_t size)
{
	json_object *value = NULL;

	if (json_object_object_get_ex(from, name, &value))
		snprintf(out, size, "%s", json_object_get_string(value));
}

int migration__has(struct qmp *qmp, const char *capability, bool *out)
{
	json_object *ret = NULL;
	int err = qmp__execute(qmp, "query-migrate-capabilities", NULL, &ret);

	*out = false;
	if (err)
		return err;
	if (!json_object_is_type(ret, json_type_array))
		err = -EPROTO;
	for (size_t i = 0; !err && i < json_object_array_length(ret); i++) {
		json_object *entry = json_object_array_get_idx(ret, i), *state = NULL;
		char name[64] = "";

		text(entry, "capability", name, sizeof(name));
		if (!strcmp(name, capability) && json_object_object_get_ex(entry, "state", &state))
			*out = json_object_get_boolean(state);
	}
	json_object_put(ret);
	return err;
}

int migration__switch(struct qmp *qmp, const char *capability, bool on)
{
	json_object *arguments = json_tokener_parse("{\"capabilities\": [{}]}");
	json_object *list = NULL, *entry;
	int err = -ENOMEM;

	if (!arguments)
		return err;
	json_object_object_get_ex(arguments, "capabilities", &list);
	entry = json_object_array_get_idx(list, 0);
	if (!json_object_object_add(entry, "capability", json_object_new_string(capability)) &&
	    !json_object_object_add(entry, "state", json_object_new_boolean(on)))
		err = qmp__execute(qmp, "migrate-set-capabilities", arguments, NULL);
	json_object_put(arguments);
	return err;
}

bool migration__is_incoming(struct qmp *qmp)
{
	json_object *ret = NULL;
	char status[32] = "";

	if (qmp__execute(qmp, "query-status", NULL, &ret))
		return false;
	text(ret, "status", status, sizeof(status));
	json_object_put(ret);
	return !strcmp(status, "inmigrate");
}

int migration__query(struct qmp *qmp, struct migration_state *out)
{
	json_object *info = NULL, *ram = NULL;
	int err;

	memset(out, 0, sizeof(*out));
	strcpy(out->status, "none");
	err = qmp__execute(qmp, "query-migrate", NULL, &info);
	if (err)
		return err;
	text(info, "status", out->status, sizeof(out->status));
	text(info, "error-desc", out->error, sizeof(out->error));
	out->total_ms = number(info, "total-time");
	out->downtime_ms = number(info, "downtime");
	out->setup_ms = number(info, "setup-time");
	json_object_object_get_ex(info, "ram", &ram);
	out->normal_pages = number(ram, "normal");
	out->zero_pages = number(ram, "duplicate");
	out->syncs = number(ram, "dirty-sync-count");
	out->transferred_bytes = number(ram, "transferred");
	json_object_put(info);
	return 0;
}

bool migration__is_over(const struct migration_state *s)
{
	return !strcmp(s->status, "completed") || !strcmp(s->status, "failed") ||
	       !strcmp(s->status, "cancelled");
}

int migration__guest_address(struct qmp *qmp, uint64_t *out)
{
	json_object *ret = NULL;
	const char *at;
	int err;

	/* QEMU answers "Host virtual address for 0x0 (ram0) is 0x7f..." */
	err = execute_with(qmp, "human-monitor-command", "command-line", "gpa2hva 0", &ret);
	if (err)
		return err;
	at = strstr(json_object_get_string(ret), " is 0x");
	if (!at || sscanf(at, " is %" SCNx64, out) != 1)
		err = -ENODATA;
	json_object_put(ret);
	return err;
}
