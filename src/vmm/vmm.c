/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The table of virtual machine monitors, one row for each. To add a monitor, add a row, and a
 * function that reads its command line.
 */
#include "vmm/vmm.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "record.h"
#include "vmm/qemu_options.h"

static const struct vmm {
	const char *name;
	const char *prefix;      /* how the names of its programs begin; NULL: not used */
	const char *programs[3]; /* whole names of other programs */
	const char *version;     /* how the text begins with which the program states its version */
	int (*describe)(struct record_target *t);
} vmms[] = {
	{"QEMU",
	 "qemu-system-",
	 {"qemu-kvm", "kvm"},
	 "QEMU emulator version ",
	 qemu_options__describe},
};
enum { NR_VMMS = sizeof(vmms) / sizeof(*vmms) };

/* The name of a program, without what packagers and the kernel add: NixOS calls it
 * ".qemu-system-x86_64-wrapped". */
static size_t program_name(const char *exe, const char **name)
{
	static const char deleted[] = " (deleted)", wrapped[] = "-wrapped";
	const char *slash = strrchr(exe, '/');
	size_t len;

	*name = slash ? slash + 1 : exe;
	len = strlen(*name);
	if (len > strlen(deleted) && !strcmp(*name + len - strlen(deleted), deleted))
		len -= strlen(deleted);
	if (**name == '.' && len > strlen(wrapped) + 1 &&
	    !strncmp(*name + len - strlen(wrapped), wrapped, strlen(wrapped))) {
		++*name;
		len -= strlen(wrapped) + 1;
	}
	return len;
}

static const struct vmm *find(const char *exe)
{
	const char *name;
	size_t len = exe ? program_name(exe, &name) : 0;

	for (size_t i = 0; len && i < NR_VMMS; i++) {
		const struct vmm *vmm = &vmms[i];

		if (vmm->prefix && len > strlen(vmm->prefix) &&
		    !strncmp(name, vmm->prefix, strlen(vmm->prefix)))
			return vmm;
		for (size_t j = 0; j < sizeof(vmm->programs) / sizeof(*vmm->programs); j++)
			if (vmm->programs[j] && strlen(vmm->programs[j]) == len &&
			    !strncmp(name, vmm->programs[j], len))
				return vmm;
	}
	return NULL;
}

const char *vmm__by_name(const char *exe)
{
	const struct vmm *vmm = find(exe);

	return vmm ? vmm->name : NULL;
}

const char *vmm__statement(size_t i)
{
	return i < NR_VMMS ? vmms[i].version : NULL;
}

const char *vmm__by_statement(const char *text)
{
	for (size_t i = 0; i < NR_VMMS; i++) {
		size_t len = strlen(vmms[i].version);

		if (!strncmp(text, vmms[i].version, len) && isdigit((unsigned char)text[len]))
			return vmms[i].name;
	}
	return NULL;
}

static const struct vmm *find_of(const struct record_target *t)
{
	for (size_t i = 0; t->vmm_name && i < NR_VMMS; i++)
		if (!strcmp(t->vmm_name, vmms[i].name))
			return &vmms[i];
	return find(t->exe);
}

int vmm__describe(struct record_target *t)
{
	const struct vmm *vmm = find_of(t);

	if (!vmm)
		return 0;
	if (!t->vmm_name)
		t->vmm_name = strdup(vmm->name);
	return t->vmm_name ? vmm->describe(t) : -ENOMEM;
}

const char *vmm__version_begins(const struct record_target *t)
{
	const struct vmm *vmm = find_of(t);

	return vmm ? vmm->version : NULL;
}

int vmm__take_version(struct record_target *t, const char *text)
{
	const char *begin = vmm__version_begins(t), *end, *package;
	size_t len = begin ? strlen(begin) : 0;

	if (!len || strncmp(text, begin, len) || !isdigit((unsigned char)text[len]))
		return 0;
	text += len;
	len = strcspn(text, " \n");
	t->vmm_version = strndup(text, len);
	package = text + len;
	end = strpbrk(package, ")\n");
	if (!strncmp(package, " (", 2) && end && *end == ')')
		t->vmm_package = strndup(package + 2, (size_t)(end - package - 2));
	else
		return t->vmm_version ? 0 : -ENOMEM;
	return t->vmm_version && t->vmm_package ? 0 : -ENOMEM;
}
