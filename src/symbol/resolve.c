// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * From a user PC to module, offset and symbol, by libdwfl over remembered /proc/PID/maps.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <elfutils/libdwfl.h>

#include "collect/proc.h"
#include "record.h"
#include "symbol/resolve.h"

struct process_maps {
	pid_t pid;
	char *text; /* of /proc/PID/maps */
	size_t len;
	Dwfl *dwfl; /* made when first asked */
};

struct resolver {
	struct process_maps *v;
	size_t n;
};

static char *debuginfo_path;

static const Dwfl_Callbacks callbacks = {
	.find_elf = dwfl_linux_proc_find_elf,
	.find_debuginfo = dwfl_standard_find_debuginfo,
	.debuginfo_path = &debuginfo_path,
};

struct resolver *resolver__new(void)
{
	return calloc(1, sizeof(struct resolver));
}

static void process_maps__clear(struct process_maps *p)
{
	if (p->dwfl)
		dwfl_end(p->dwfl);
	free(p->text);
	p->dwfl = NULL;
	p->text = NULL;
}

void resolver__free(struct resolver *r)
{
	if (!r)
		return;
	for (size_t i = 0; i < r->n; i++)
		process_maps__clear(&r->v[i]);
	free(r->v);
	free(r);
}

static struct process_maps *find(struct resolver *r, pid_t pid)
{
	for (size_t i = 0; i < r->n; i++)
		if (r->v[i].pid == pid)
			return &r->v[i];
	return NULL;
}

int resolver__remember(struct resolver *r, pid_t pid)
{
	struct process_maps *p = find(r, pid), *more;
	size_t len = 0;
	char *text = proc__read(pid, "maps", &len);

	if (!text || !len) {
		free(text);
		return -ESRCH;
	}
	if (!p) {
		more = realloc(r->v, (r->n + 1) * sizeof(*more));
		if (!more) {
			free(text);
			return -ENOMEM;
		}
		r->v = more;
		p = &r->v[r->n++];
		memset(p, 0, sizeof(*p));
		p->pid = pid;
	}
	process_maps__clear(p);
	p->text = text;
	p->len = len;
	return 0;
}

static Dwfl *process_maps__dwfl(struct process_maps *p)
{
	FILE *text;

	if (p->dwfl)
		return p->dwfl;
	text = fmemopen(p->text, p->len, "r");
	if (!text)
		return NULL;
	p->dwfl = dwfl_begin(&callbacks);
	if (p->dwfl &&
	    (dwfl_linux_proc_maps_report(p->dwfl, text) || dwfl_report_end(p->dwfl, NULL, NULL))) {
		dwfl_end(p->dwfl);
		p->dwfl = NULL;
	}
	fclose(text);
	return p->dwfl;
}

static char *module_build_id(Dwfl_Module *module)
{
	const unsigned char *bits;
	GElf_Addr address;
	int len = dwfl_module_build_id(module, &bits, &address);
	char *hex = len > 0 ? malloc(2 * (size_t)len + 1) : NULL;

	for (int i = 0; hex && i < len; i++)
		sprintf(hex + 2 * i, "%02x", bits[i]);
	return hex;
}

int resolver__resolve(struct resolver *r, pid_t pid, uint64_t address, int is_return,
		      struct record_frame *frame)
{
	struct process_maps *p = find(r, pid);
	Dwfl *dwfl = p ? process_maps__dwfl(p) : NULL;
	Dwfl_Module *module = dwfl ? dwfl_addrmodule(dwfl, address - !!is_return) : NULL;
	const char *name, *symbol;
	GElf_Off offset;
	GElf_Sym sym;
	Dwarf_Addr start;

	memset(frame, 0, sizeof(*frame));
	frame->offset = address;
	if (!module)
		return 0;
	/* Names of the module are only complete once its ELF file has been looked at. */
	GElf_Addr bias;
	dwfl_module_getelf(module, &bias);
	name = dwfl_module_info(module, NULL, &start, NULL, NULL, NULL, NULL, NULL);
	frame->module = name ? strdup(name) : NULL;
	frame->offset = address - start;
	frame->build_id = module_build_id(module);
	symbol = dwfl_module_addrinfo(module, address - !!is_return, &offset, &sym, NULL, NULL,
				      NULL);
	/* A symbol that ends before the address is a neighbour's, not its name. */
	if (symbol && (!sym.st_size || offset < sym.st_size)) {
		frame->symbol = strdup(symbol);
		frame->function = strdup(symbol);
	}
	return (name && !frame->module) ? -ENOMEM : 0;
}

char *resolver__exe_build_id(struct resolver *r, pid_t pid, const char *exe)
{
	struct process_maps *p = find(r, pid);
	Dwfl *dwfl = p ? process_maps__dwfl(p) : NULL;
	char *line, *save = NULL, *copy, *id = NULL;

	if (!dwfl || !exe)
		return NULL;
	copy = strdup(p->text);
	for (line = copy ? strtok_r(copy, "\n", &save) : NULL; line && !id;
	     line = strtok_r(NULL, "\n", &save)) {
		const char *path = strchr(line, '/');
		Dwfl_Module *module;
		GElf_Addr bias;

		if (!path || strcmp(path, exe))
			continue;
		module = dwfl_addrmodule(dwfl, strtoull(line, NULL, 16));
		if (!module)
			continue;
		dwfl_module_getelf(module, &bias);
		id = module_build_id(module);
	}
	free(copy);
	return id;
}
