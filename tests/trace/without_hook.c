// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Preloaded into migpop: the program named by WITHOUT_HOOK is loaded but not attached, so that a
 * test which needs its hook can be seen to fail. Knows only libbpf.
 */
#include <dlfcn.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/libbpf.h>

bool bpf_program__autoload(const struct bpf_program *prog)
{
	const char *without = getenv("WITHOUT_HOOK");
	bool (*next)(const struct bpf_program *);

	if (without && !strcmp(without, bpf_program__name(prog)))
		return false;
	*(void **)&next = dlsym(RTLD_NEXT, "bpf_program__autoload");
	return next(prog);
}
