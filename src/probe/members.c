// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Knows which members the structures of the running kernel have. Programs can do without the
 * members in the table; for a member they cannot do without, it makes a sentence.
 */
#include <stdio.h>
#include <string.h>

#include <bpf/btf.h>

#include "probe/members.h"

/* bpf/kernel.h shows which reads ask first whether the member is there. Members that only one
 * architecture has are left out. */
static const struct optional_member optional[] = {
	{"inode", "i_dentry", NULL, "names of files"},
	{"dentry", "d_alias", "d_u.d_alias", "names of files"}, /* up to Linux 7.0 */
	{"dentry", "d_name", NULL, "names of files"},
	{"mm_struct", "start_brk", NULL, "which memory is the heap"},
	{"mm_struct", "brk", NULL, "which memory is the heap"},
	{"mm_struct", "pgtables_bytes", NULL, "the growth of page tables"},
	{"percpu_counter", "counters", NULL, "exact figures of anonymous memory"},
	{"bpf_array", "pptrs", NULL, "exact figures of anonymous memory"},
	{"signal_struct", "thread_head", NULL, "which threads are in the midst of an allocation"},
	{"task_struct", "thread_node", NULL, "which threads are in the midst of an allocation"},
	{"task_struct", "__state", NULL, "which threads are in the midst of an allocation"},
	{"task_struct", "ptrace", NULL,
	 "chains of what a command runs while its code is still read"},
};
enum { NR_OPTIONAL = sizeof(optional) / sizeof(*optional), DEPTH_MAX = 8 };

/* True if the structure, or an unnamed structure nested in it, has the member that "path" leads to.
 * Dots separate the steps of a path. */
static bool has_member(const struct btf *kernel, __u32 id, const char *path, int depth)
{
	const struct btf_type *type = btf__type_by_id(kernel, id);
	size_t n = strcspn(path, ".");
	const struct btf_member *m;

	if (!type || !btf_is_composite(type) || depth > DEPTH_MAX)
		return false;
	m = btf_members(type);
	for (int i = 0; i < btf_vlen(type); i++, m++) {
		const char *name = btf__name_by_offset(kernel, m->name_off);

		if (name && strlen(name) == n && !memcmp(name, path, n) &&
		    (!path[n] || has_member(kernel, m->type, path + n + 1, depth + 1)))
			return true;
		if ((!name || !*name) && has_member(kernel, m->type, path, depth + 1))
			return true;
	}
	return false;
}

static int find_structure(const struct btf *kernel, const char *name)
{
	int id = btf__find_by_name_kind(kernel, name, BTF_KIND_STRUCT);

	return id > 0 ? id : btf__find_by_name_kind(kernel, name, BTF_KIND_UNION);
}

bool members__has(const struct btf *kernel, const char *structure, const char *member)
{
	int id = find_structure(kernel, structure);

	return id > 0 && has_member(kernel, (__u32)id, member, 0);
}

const struct optional_member *members__next_missing(const struct btf *kernel,
						    const struct optional_member *after)
{
	const struct optional_member *m = after ? after + 1 : optional;

	for (; m < optional + NR_OPTIONAL; m++)
		if (!members__has(kernel, m->structure, m->member) &&
		    !(m->former && members__has(kernel, m->structure, m->former)))
			return m;
	return NULL;
}

/* A message of libbpf: "failed to resolve CO-RE relocation <byte_off> [156] struct
 * dentry.d_u.d_alias (0:1:0 @ offset 8)", or "… <enumval_value> [12] enum
 * pageflags___head::PG_head___head = 0". */
struct relocation {
	char kind[16];   /* struct, union, enum or typedef */
	char type[64];   /* without its flavour, "___…" */
	char member[64]; /* the whole path to the member; empty: the message is about the type
			    itself */
};

static void cut_flavor(char *name)
{
	char *flavor = strstr(name, "___");

	if (flavor && flavor != name)
		*flavor = '\0';
}

static bool parse_relocation(const char *log, struct relocation *r)
{
	static const char begin[] = "failed to resolve CO-RE relocation ";
	const char *at = strstr(log, begin);
	int type = 0;
	size_t n;

	memset(r, 0, sizeof(*r));
	if (!at)
		return false;
	at += sizeof(begin) - 1;
	if (sscanf(at, "<%*[^>]> [%*[0-9]] %15[a-z] %n", r->kind, &type) != 1 || !type)
		return false;
	at += type;
	n = strcspn(at, ".: (\n");
	snprintf(r->type, sizeof(r->type), "%.*s", (int)n, at);
	at += n;
	at += strspn(at, ".:");
	snprintf(r->member, sizeof(r->member), "%.*s", (int)strcspn(at, " \n"), at);
	cut_flavor(r->type);
	cut_flavor(r->member);
	return *r->type;
}

bool members__explain(const struct btf *kernel, const char *log, const char *needs, char *why,
		      size_t size)
{
	struct relocation r;
	bool is_enum;

	if (!parse_relocation(log, &r))
		return false;
	is_enum = !strcmp(r.kind, "enum");
	if (!*r.member || (!is_enum && strcmp(r.kind, "typedef") && kernel &&
			   find_structure(kernel, r.type) <= 0))
		snprintf(why, size, "this kernel has no %s %s, which %s needs",
			 is_enum ? "enumeration" : "structure", r.type, needs);
	else
		snprintf(why, size, "kernel %s %s has no %s %s, which %s needs",
			 is_enum ? "enumeration" : "structure", r.type,
			 is_enum ? "value" : "member", r.member, needs);
	return true;
}
