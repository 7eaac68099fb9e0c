// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The running kernel's types with one member renamed, as those of a kernel that has not got it.
 *
 *	btf-without STRUCTURE MEMBER FILE
 *
 * MEMBER may be one of a structure or union inside, whether that has a name or not. Exit status: 0
 * FILE is written, 1 it cannot be, or the structure has no such member to begin with.
 */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <bpf/btf.h>

static int rename_member(struct btf *btf, const struct btf_type *type, const char *name, __u32 to,
			 int depth)
{
	struct btf_member *m = (struct btf_member *)btf_members(type);
	int renamed = 0;

	for (int i = 0; i < btf_vlen(type); i++, m++) {
		const struct btf_type *inside = btf__type_by_id(btf, m->type);

		if (!strcmp(btf__name_by_offset(btf, m->name_off), name)) {
			m->name_off = to;
			renamed++;
		} else if (depth < 4 && inside && btf_is_composite(inside) && !inside->name_off) {
			renamed += rename_member(btf, inside, name, to, depth + 1);
		}
	}
	return renamed;
}

int main(int argc, char **argv)
{
	int id, name, renamed = 0;
	const void *data;
	struct btf *btf;
	__u32 size = 0;
	FILE *f;

	if (argc != 4) {
		fprintf(stderr, "usage: %s STRUCTURE MEMBER FILE\n", argv[0]);
		return 1;
	}
	btf = btf__load_vmlinux_btf();
	name = btf ? btf__add_str(btf, "renamed") : -1;
	id = btf ? btf__find_by_name_kind(btf, argv[1], BTF_KIND_STRUCT) : -1;
	if (id > 0 && name > 0)
		renamed = rename_member(btf, btf__type_by_id(btf, (__u32)id), argv[2], (__u32)name,
					0);
	if (!renamed) {
		fprintf(stderr, "no member %s of structure %s\n", argv[2], argv[1]);
		btf__free(btf);
		return 1;
	}
	data = btf__raw_data(btf, &size);
	f = data ? fopen(argv[3], "w") : NULL;
	if (!f || fwrite(data, 1, size, f) != size || fclose(f)) {
		perror(argv[3]);
		return 1;
	}
	btf__free(btf);
	return 0;
}
