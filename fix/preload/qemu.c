// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Finds the functions that QEMU exports. Only the main program is searched: a library that happens
 * to have a function of the same name is not QEMU.
 */
#include <dlfcn.h>
#include <elf.h>
#include <link.h>
#include <string.h>

#include "patch.h"
#include "qemu.h"

static struct qemu_function find(const char *name)
{
	struct qemu_function function = {dlsym(RTLD_DEFAULT, name), 0};
	ElfW(Sym) *symbol = NULL;
	struct link_map *map = NULL;
	Dl_info info;

	if (!function.entry)
		return function;
	/* The main program is the first of the link maps, and the only one with an empty name. */
	if (!dladdr1(function.entry, &info, (void **)&map, RTLD_DL_LINKMAP) || !map ||
	    *map->l_name || !dladdr1(function.entry, &info, (void **)&symbol, RTLD_DL_SYMENT) ||
	    !symbol || ELF64_ST_TYPE(symbol->st_info) != STT_FUNC || !info.dli_sname ||
	    strcmp(info.dli_sname, name) != 0)
		return (struct qemu_function){NULL, 0};
	function.size = symbol->st_size;
	return function;
}

/* Stores the address of an exported function; NULL if there is none. "function" points to a
 * function pointer. */
static void ask(const char *name, void *function)
{
	void *entry = find(name).entry;

	memcpy(function, &entry, sizeof(entry));
}

bool qemu_find(struct qemu *qemu)
{
	memset(qemu, 0, sizeof(*qemu));
	ask("qemu_ram_block_from_host", &qemu->ram_block_from_host);
	if (!qemu->ram_block_from_host)
		return false;
	qemu->buffer_is_zero = find("buffer_is_zero");
	qemu->buffer_is_zero_ool = find("buffer_is_zero_ool");
	qemu->buffer_is_zero_ge256 = find("buffer_is_zero_ge256");
	qemu->ram_handle_zero = find("ram_handle_zero");
	ask("qemu_ram_get_fd", &qemu->ram_get_fd);
	ask("qemu_ram_is_shared", &qemu->ram_is_shared);
	ask("qemu_ram_pagesize", &qemu->ram_pagesize);
	ask("ram_block_notifier_add", &qemu->ram_block_notifier_add);
	ask("migrate_postcopy_ram", &qemu->migrate_postcopy_ram);
	ask("qemu_in_coroutine", &qemu->in_coroutine);
	ask("ram_block_discard_is_disabled", &qemu->ram_block_discard_is_disabled);
	ask("get_ptr_rcu_reader", &qemu->get_ptr_rcu_reader);
	return true;
}

const char *qemu_missing(const struct qemu *qemu)
{
	if (!qemu->ram_get_fd || !qemu->ram_is_shared || !qemu->ram_pagesize)
		return "it does not export what it knows of its RAM blocks";
	if (!qemu->ram_block_notifier_add)
		return "it does not export ram_block_notifier_add";
	if (!qemu->migrate_postcopy_ram)
		return "it does not export migrate_postcopy_ram";
	if (!qemu->in_coroutine)
		return "it does not export qemu_in_coroutine";
	return NULL;
}

/* The code of migration/ram.c lies between xbzrle_cache_resize() and ram_mig_init(). If that code
 * calls buffer_is_zero_ge256(), which goes on where the inlined comparisons end, then the inlined
 * comparisons are there too. */
bool qemu_reads_before_it_asks(const struct qemu *qemu)
{
	const uint8_t *begin = find("xbzrle_cache_resize").entry;
	const uint8_t *end = find("ram_mig_init").entry;

	if (!qemu->buffer_is_zero_ge256.entry || !begin || !end || end < begin ||
	    end - begin > 1 << 20)
		return false;
	return patch_calls(begin, end, qemu->buffer_is_zero_ge256.entry);
}

bool qemu_multifd_asks(const struct qemu *qemu)
{
	struct qemu_function detect = find("multifd_send_zero_page_detect");
	const uint8_t *begin = detect.entry;

	return begin && qemu->buffer_is_zero_ool.entry &&
	       patch_calls(begin, begin + detect.size, qemu->buffer_is_zero_ool.entry);
}
