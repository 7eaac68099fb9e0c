/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * QEMU's options, as far as they tell who the guest is and how much memory it has. Of an option
 * that is given several times the last value of each key counts, as in QEMU.
 */
#include "vmm/qemu_options.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "record.h"

enum { VALUE_MAX = 128 };

/* The argument of the option "name" at word "i" of the command line: "-m 1G", "--m 1G"; else NULL.
 */
static const char *argument(const struct record_target *t, size_t i, const char *name)
{
	const char *word = t->cmdline[i];

	if (!word || i + 1 >= t->nr_cmdline || word[0] != '-')
		return NULL;
	word += word[1] == '-' ? 2 : 1;
	return strcmp(word, name) ? NULL : t->cmdline[i + 1];
}

/* Copies the value at "s" up to its comma, where ",," is a comma of its own; the place after it. */
static const char *take_value(const char *s, char *out)
{
	size_t n = 0;

	for (; *s && (*s != ',' || s[1] == ','); s++) {
		s += *s == ',';
		if (n + 1 < VALUE_MAX)
			out[n++] = *s;
	}
	out[n] = '\0';
	return *s ? s + 1 : s;
}

/* The last value of "key" in "key=value,..."; with "implied" the first value may be without its
 * key. False, and "out" as it was, if there is none. */
static bool find_value(const char *options, const char *key, bool implied, char *out)
{
	size_t len = strlen(key);
	bool found = false, first = true;
	char skipped[VALUE_MAX];

	for (const char *s = options; *s; first = false) {
		bool has_key = s[strcspn(s, "=,")] == '=';

		if (has_key && !strncmp(s, key, len) && s[len] == '=') {
			s = take_value(s + len + 1, out);
			found = true;
		} else if (!has_key && first && implied) {
			s = take_value(s, out);
			found = true;
		} else {
			s = take_value(s, skipped);
		}
	}
	return found;
}

/* QEMU's sizes: "1.5G", "0x400", with a unit for those without a suffix. RECORD_UNKNOWN for what is
 * none. */
static int64_t parse_size(const char *text, int64_t unit)
{
	static const char suffixes[] = "BKMGTPE";
	const char *suffix;
	char *end;
	double n;

	if (!isdigit((unsigned char)*text))
		return RECORD_UNKNOWN;
	n = strtod(text, &end);
	if (*end) {
		suffix = strchr(suffixes, toupper((unsigned char)*end));
		if (!suffix || end[1])
			return RECORD_UNKNOWN;
		unit = (int64_t)1 << 10 * (suffix - suffixes);
	}
	n *= (double)unit;
	return n > 0 && n < (double)INT64_MAX ? (int64_t)n : RECORD_UNKNOWN;
}

/* Of -m, or of the property of the machine that it stands for. */
static int64_t ram_of(const struct record_target *t)
{
	int64_t bytes = RECORD_UNKNOWN;
	char value[VALUE_MAX];

	for (size_t i = 0; i < t->nr_cmdline; i++) {
		const char *memory = argument(t, i, "m"), *machine = argument(t, i, "machine");

		machine = machine ? machine : argument(t, i, "M");
		if (memory && find_value(memory, "size", true, value))
			bytes = parse_size(value, 1 << 20);
		else if (machine && find_value(machine, "memory.size", false, value))
			bytes = parse_size(value, 1);
	}
	/* As QEMU does (system/vl.c, set_memory_options()). */
	return bytes == RECORD_UNKNOWN ? bytes : (bytes + 8191) & ~(int64_t)8191;
}

/* The memory of a machine without -m is that of the backend it is told to take, or of its nodes. */
static int64_t ram_of_backends(const struct record_target *t)
{
	int64_t bytes = RECORD_UNKNOWN;
	char id[VALUE_MAX], object_id[VALUE_MAX], size[VALUE_MAX];

	for (size_t i = 0; i < t->nr_cmdline; i++) {
		const char *machine = argument(t, i, "machine"), *node = argument(t, i, "numa");

		machine = machine ? machine : argument(t, i, "M");
		if (!(machine && find_value(machine, "memory-backend", false, id)) &&
		    !(node && find_value(node, "memdev", false, id)))
			continue;
		for (size_t j = 0; j < t->nr_cmdline; j++) {
			const char *object = argument(t, j, "object");

			if (object && find_value(object, "id", false, object_id) &&
			    !strcmp(id, object_id) && find_value(object, "size", false, size))
				bytes = record_count__sum(bytes, parse_size(size, 1));
		}
	}
	return bytes;
}

/* Lower-case, as the kernel and libvirt print it; NULL for what is none. */
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

int qemu_options__describe(struct record_target *t)
{
	char value[VALUE_MAX];

	t->ram_bytes = ram_of(t);
	if (t->ram_bytes == RECORD_UNKNOWN)
		t->ram_bytes = ram_of_backends(t);
	for (size_t i = 0; i < t->nr_cmdline; i++) {
		const char *uuid = argument(t, i, "uuid"), *smbios = argument(t, i, "smbios");

		/* Type 1 is the machine; its uuid is what -uuid sets as well. */
		if (smbios && find_value(smbios, "type", false, value) && !strcmp(value, "1") &&
		    find_value(smbios, "uuid", false, value))
			uuid = value;
		if (!uuid)
			continue;
		free(t->uuid);
		t->uuid = uuid_of(uuid);
	}
	return 0;
}
