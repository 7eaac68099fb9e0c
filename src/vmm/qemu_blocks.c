// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Asks a monitor for RAM blocks. query-memdev lists ids and lengths, in no order; the table of
 * "info ramblock" also has addresses, in versions after 7.2.
 */
#include "vmm/qemu_blocks.h"
#include "array.h"

#include <errno.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "qemu/qmp.h"

static struct ram_told *add(struct ram_told **v, size_t *n, const char *id)
{
	struct ram_told *more;

	for (size_t i = 0; i < *n; i++)
		if (!strcmp((*v)[i].id, id))
			return &(*v)[i];
	more = array__grow(*v, *n, sizeof(*more));
	if (!more)
		return NULL;
	*v = more;
	more += (*n)++;
	snprintf(more->id, sizeof(more->id), "%s", id);
	return more;
}

static int ask_backends(struct qmp *qmp, struct ram_told **v, size_t *n)
{
	json_object *list = NULL, *id, *size;
	int err = qmp__execute(qmp, "query-memdev", NULL, &list);

	if (!err && !json_object_is_type(list, json_type_array))
		err = -EPROTO;
	for (size_t i = 0; !err && i < json_object_array_length(list); i++) {
		json_object *backend = json_object_array_get_idx(list, i);
		struct ram_told *told;

		if (!json_object_object_get_ex(backend, "id", &id) ||
		    !json_object_object_get_ex(backend, "size", &size))
			continue;
		told = add(v, n, json_object_get_string(id));
		if (told)
			told->bytes = (uint64_t)json_object_get_int64(size);
		else
			err = -ENOMEM;
	}
	json_object_put(list);
	return err;
}

/* Parses a line such as "  ram0    4 KiB  0x0 0x4000000 0x4000000 0x00007fcd2bfff000  rw": a name,
 * the page size, offset, used and total length, and the address. */
static int take_line(const char *line, struct ram_told **v, size_t *n)
{
	static const char objects[] = "/objects/";
	struct ram_told *told;
	uint64_t total, address;
	char name[256], *id = name;

	if (sscanf(line, "%255s %*s %*s 0x%*x 0x%*x 0x%" SCNx64 " 0x%" SCNx64, name, &total,
		   &address) != 3)
		return 0;
	if (!strncmp(name, objects, strlen(objects)))
		id += strlen(objects);
	told = add(v, n, id);
	if (!told)
		return -ENOMEM;
	told->bytes = total;
	told->address = address;
	return 0;
}

static int ask_addresses(struct qmp *qmp, struct ram_told **v, size_t *n)
{
	json_object *arguments = json_object_new_object(), *text = NULL;
	char *line, *save = NULL, *copy = NULL;
	int err = -ENOMEM;

	if (!arguments)
		return err;
	json_object_object_add(arguments, "command-line", json_object_new_string("info ramblock"));
	err = qmp__execute(qmp, "human-monitor-command", arguments, &text);
	if (!err && json_object_is_type(text, json_type_string)) {
		copy = strdup(json_object_get_string(text));
		err = copy ? 0 : -ENOMEM;
	}
	for (line = copy ? strtok_r(copy, "\r\n", &save) : NULL; line && !err;
	     line = strtok_r(NULL, "\r\n", &save))
		err = take_line(line, v, n);
	free(copy);
	json_object_put(text);
	json_object_put(arguments);
	return err;
}

int qemu_blocks__ask(struct qmp *qmp, struct ram_told **out, size_t *n)
{
	int err;

	*out = NULL;
	*n = 0;
	err = ask_backends(qmp, out, n);
	return err ? err : ask_addresses(qmp, out, n);
}

int64_t qemu_blocks__base(struct qmp *qmp)
{
	json_object *ret = NULL, *base = NULL;
	int64_t bytes = -1;

	if (!qmp__execute(qmp, "query-memory-size-summary", NULL, &ret) &&
	    json_object_object_get_ex(ret, "base-memory", &base))
		bytes = json_object_get_int64(base);
	json_object_put(ret);
	return bytes;
}
