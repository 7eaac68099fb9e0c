/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads from QEMU's options who the guest is and how much memory it has. If an option is given
 * several times, the last value of each key counts, as in QEMU.
 */
#include "vmm/qemu_options.h"
#include "vmm/qemu_option.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "record.h"

enum { VALUE_MAX = 256 };

/* The memory given by -m, or by the property of the machine that -m stands for. */
static int64_t ram_of(const struct record_target *t)
{
	int64_t bytes = RECORD_UNKNOWN;
	char value[VALUE_MAX];

	for (size_t i = 0; i < t->nr_cmdline; i++) {
		const char *memory = qemu_option__argument(t, i, "m"),
			   *machine = qemu_option__argument(t, i, "machine");

		machine = machine ? machine : qemu_option__argument(t, i, "M");
		if (memory && qemu_option__value(memory, "size", true, value, sizeof(value)))
			bytes = qemu_option__size(value, 1 << 20);
		else if (machine &&
			 qemu_option__value(machine, "memory.size", false, value, sizeof(value)))
			bytes = qemu_option__size(value, 1);
	}
	/* QEMU rounds up in the same way (system/vl.c, set_memory_options()). */
	return bytes == RECORD_UNKNOWN ? bytes : (bytes + 8191) & ~(int64_t)8191;
}

/* Without -m the memory of a machine is that of its memory backend, or of the backends of its NUMA
 * nodes. */
static int64_t ram_of_backends(const struct record_target *t)
{
	int64_t bytes = RECORD_UNKNOWN;
	char id[VALUE_MAX], object_id[VALUE_MAX], size[VALUE_MAX];

	for (size_t i = 0; i < t->nr_cmdline; i++) {
		const char *machine = qemu_option__argument(t, i, "machine"),
			   *node = qemu_option__argument(t, i, "numa");

		machine = machine ? machine : qemu_option__argument(t, i, "M");
		if (!(machine &&
		      qemu_option__value(machine, "memory-backend", false, id, sizeof(id))) &&
		    !(node && qemu_option__value(node, "memdev", false, id, sizeof(id))))
			continue;
		for (size_t j = 0; j < t->nr_cmdline; j++) {
			const char *object = qemu_option__argument(t, j, "object");

			if (object &&
			    qemu_option__value(object, "id", false, object_id, sizeof(object_id)) &&
			    !strcmp(id, object_id) &&
			    qemu_option__value(object, "size", false, size, sizeof(size)))
				bytes = record_count__sum(bytes, qemu_option__size(size, 1));
		}
	}
	return bytes;
}

/* A copy of a UUID in lower case, as the kernel and libvirt print it; NULL if it is not a UUID. */
static char *uuid_of(const char *text)
{
	char *uuid = strdup(text);
	size_t n = 0;

	for (; uuid && uuid[n]; n++) {
		bool dash = n == 8 || n == 13 || n == 18 || n == 23;

		uuid[n] = (char)tolower((unsigned char)uuid[n]);
		if (dash ? uuid[n] != '-' : !isxdigit((unsigned char)uuid[n]))
			break;
	}
	if (n == 36 && uuid && !uuid[n])
		return uuid;
	free(uuid);
	return NULL;
}

/* The guest's name: "web" for "-name web", "web,prod" for "-name guest=web,,prod". */
static int set_guest(struct record_target *t)
{
	char name[VALUE_MAX];
	bool found = false;

	for (size_t i = 0; i < t->nr_cmdline; i++) {
		const char *option = qemu_option__argument(t, i, "name");

		found = (option && qemu_option__value(option, "guest", true, name, sizeof(name))) ||
			found;
	}
	if (!found)
		return 0;
	free(t->guest);
	t->guest = strdup(name);
	return t->guest ? 0 : -ENOMEM;
}

int qemu_options__describe(struct record_target *t)
{
	char value[VALUE_MAX];

	t->ram_bytes = ram_of(t);
	if (t->ram_bytes == RECORD_UNKNOWN)
		t->ram_bytes = ram_of_backends(t);
	for (size_t i = 0; i < t->nr_cmdline; i++) {
		const char *uuid = qemu_option__argument(t, i, "uuid"),
			   *smbios = qemu_option__argument(t, i, "smbios");

		/* Type 1 describes the machine; its uuid is what -uuid sets too. */
		if (smbios && qemu_option__value(smbios, "type", false, value, sizeof(value)) &&
		    !strcmp(value, "1") &&
		    qemu_option__value(smbios, "uuid", false, value, sizeof(value)))
			uuid = value;
		if (!uuid)
			continue;
		free(t->uuid);
		t->uuid = uuid_of(uuid);
	}
	return set_guest(t);
}
