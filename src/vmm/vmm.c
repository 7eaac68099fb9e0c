// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Looks for rows by what is known of a process.
 */
#include "vmm/vmm.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "record.h"

/* Finds the name of a program without what packagers and the kernel add: NixOS calls one
 * ".qemu-system-x86_64-wrapped". Returns its length. */
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

static bool is_listed(const char *const *names, const char *name, size_t len)
{
	for (; names && *names; names++)
		if (strlen(*names) == len && !strncmp(*names, name, len))
			return true;
	return false;
}

const struct vmm *vmm__by_program(const char *exe)
{
	const char *name;
	size_t len = exe ? program_name(exe, &name) : 0;

	for (const struct vmm *const *vmm = vmm_rows; len && *vmm; vmm++) {
		const char *prefix = (*vmm)->prefix;

		if (prefix && len > strlen(prefix) && !strncmp(name, prefix, strlen(prefix)))
			return *vmm;
		if (is_listed((*vmm)->programs, name, len))
			return *vmm;
	}
	return NULL;
}

const struct vmm *vmm__by_script(const char *comm)
{
	for (const struct vmm *const *vmm = vmm_rows; *vmm; vmm++)
		if (is_listed((*vmm)->scripts, comm, strlen(comm)))
			return *vmm;
	return NULL;
}

/* The length of the text with which "vmm" begins to state its version, if "text" begins so and a
 * number follows; else 0. */
static size_t statement_length(const struct vmm *vmm, const char *text)
{
	size_t len = vmm && vmm->version ? strlen(vmm->version) : 0;

	return len && !strncmp(text, vmm->version, len) && isdigit((unsigned char)text[len]) ? len
											     : 0;
}

const struct vmm *vmm__by_statement(const char *text)
{
	for (const struct vmm *const *vmm = vmm_rows; *vmm; vmm++)
		if (statement_length(*vmm, text))
			return *vmm;
	return NULL;
}

const struct vmm *vmm__by_rules(const char *file)
{
	for (const struct vmm *const *vmm = vmm_rows; *vmm; vmm++)
		if ((*vmm)->rules && !strcmp(file, (*vmm)->rules))
			return *vmm;
	return NULL;
}

const struct vmm *vmm__of(const struct record_target *t)
{
	for (const struct vmm *const *vmm = vmm_rows; t->vmm_name && *vmm; vmm++)
		if (!strcmp(t->vmm_name, (*vmm)->name))
			return *vmm;
	return vmm__by_program(t->exe);
}

const struct vmm *vmm__or_first(const struct vmm *vmm)
{
	return vmm ? vmm : vmm_rows[0];
}

uint32_t vmm__number(const struct vmm *vmm)
{
	uint32_t i = 0;

	while (vmm_rows[i] != vmm)
		i++;
	return i;
}

bool vmm__has_comm(const char *comm)
{
	for (const struct vmm *const *vmm = vmm_rows; *vmm; vmm++)
		for (const struct vmm_comm *c = (*vmm)->comms; c && c->name; c++)
			if (c->is_prefix ? !strncmp(comm, c->name, strlen(c->name))
					 : !strcmp(comm, c->name))
				return true;
	return false;
}

enum thread_kind vmm__thread(const struct vmm *vmm, const char *comm)
{
	for (const struct vmm_thread *t = vmm->threads; t && t->name; t++)
		if (!strcmp(comm, t->name))
			return t->is;
	return THREAD_UNKNOWN;
}

int vmm__describe(struct record_target *t)
{
	const struct vmm *vmm = vmm__of(t);

	if (!vmm)
		return 0;
	if (!t->vmm_name)
		t->vmm_name = strdup(vmm->name);
	if (!t->vmm_name)
		return -ENOMEM;
	return vmm->describe ? vmm->describe(t) : 0;
}

int vmm__take_version(struct record_target *t, const char *text)
{
	size_t len = statement_length(vmm__of(t), text);
	const char *end, *package;

	if (!len)
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
