// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Random operations on a region of libmigfix, held against a plain array of bytes and a plain array
 * of pages: memory of every kind, in every state, under every policy, with and without
 * must-be-present and tracking. Knows the header, and nothing of how the library does it.
 */
#include <fnmatch.h>
#include <getopt.h>
#include <migfix_policy.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "model.h"

#define MAX_PTES_NONE "/sys/kernel/mm/transparent_hugepage/khugepaged/max_ptes_none"

#define NR_1G "/sys/kernel/mm/hugepages/hugepages-1048576kB/nr_hugepages"

static struct {
	uint64_t seed;
	unsigned long operations;
	const char *pattern;
	bool swap, list;
} options = {.operations = 200, .pattern = "*"};

static unsigned int failures;
static jmp_buf next_case;

void wrong(struct model *model, const char *fmt, ...)
{
	va_list args;

	printf("FAIL %s, operation %lu, %s: ", model->name, model->operation, model->doing);
	va_start(args, fmt);
	vprintf(fmt, args);
	va_end(args);
	printf(" (--case %s --seed %llu --operations %lu)\n", model->name,
	       (unsigned long long)options.seed, options.operations);
	failures++;
	longjmp(next_case, 1);
}

void returned(struct model *model, int result, int expected)
{
	if (result != expected)
		wrong(model, "returned %d, expected %d", result, expected);
}

/* Operations on one region. */
static unsigned long round_length(enum memory_kind kind, enum memory_state state)
{
	/* To make huge pages takes milliseconds, and so does a child that has a copy of them. */
	return kind >= MEMORY_HUGETLB_MEMFD || state == STATE_THP ? 8192 : 1024;
}

/* One region, from open to close. */

static void look_at_first(struct model *model)
{
	struct memory *memory = &model->memory;
	uint8_t populated[MAX_PAGES] = {0};

	memory_read(memory, 0, memory->size, model->content);
	if (memory_is_private(memory))
		memory_read_file(memory, 0, memory->size, model->below);
	model->first = model->end = model->populated = 0;
	memset(model->pages, 0, sizeof(model->pages));
	if (!is_counted(model)) {
		touch(model, 0, memory->pages);
		return;
	}
	memory_populated(memory, 0, memory->pages, populated);
	model->guards = memory_count(memory);
	for (size_t i = 0; i < memory->pages; i++) {
		bool is = populated[i] || memory->state == STATE_FALLOCATED;

		model->pages[i] = (struct page){is, is, is, is, false, false};
		model->populated += is;
	}
	model->guards -= model->populated;
}

/* Sizes differ from round to round: the largest so far is kept. */
static void allocate(struct model *model)
{
	if (model->size < model->memory.size) {
		free(model->content);
		model->size = model->memory.size;
		model->content = malloc(3 * model->size);
		check_call("malloc", model->content != NULL);
	}
	model->found = model->content + model->size;
	model->below = model->found + model->size;
}

static void open_region(struct model *model, bool told)
{
	static const enum migfix_backing backings[] = {
		[MEMORY_ANON] = MIGFIX_BACKING_ANON,
		[MEMORY_ANON_SHARED] = MIGFIX_BACKING_ANON_SHARED,
		[MEMORY_MEMFD] = MIGFIX_BACKING_SHMEM,
		[MEMORY_TMPFS] = MIGFIX_BACKING_SHMEM,
		[MEMORY_FILE] = MIGFIX_BACKING_FILE,
		[MEMORY_MEMFD_PRIVATE] = MIGFIX_BACKING_FILE_PRIVATE,
		[MEMORY_FILE_PRIVATE] = MIGFIX_BACKING_FILE_PRIVATE,
		[MEMORY_HUGETLB_MEMFD] = MIGFIX_BACKING_HUGETLB,
		[MEMORY_HUGETLB_ANON] = MIGFIX_BACKING_HUGETLB,
		[MEMORY_HUGETLB_1G] = MIGFIX_BACKING_HUGETLB,
	};
	const struct memory *memory = &model->memory;
	struct migfix_options how = MIGFIX_OPTIONS_INIT;

	model->doing = "open";
	how.policy = model->policy;
	how.flags = model->flags;
	if (memory->fd_told) {
		how.fd = memory->fd;
		how.fd_offset = memory->guard;
	}
	if (told && (memory->fd < 0 || memory->fd_told))
		how.backing = backings[memory->kind];
	how.batch = chance(model, 2) ? 0 : (below(model, 8) + 1) * page_size;
	returned(model, migfix_region_open(&model->region, memory->region, model->len, &how), 0);
}

static void check_info(struct model *model)
{
	struct migfix_info info;

	model->doing = "info";
	returned(model, migfix_region_info(model->region, &info, sizeof(info)), 0);
	if (info.page_size != model->memory.page)
		wrong(model, "page size %llu, expected %zu", (unsigned long long)info.page_size,
		      model->memory.page);
	if (info.gives_back && !may_give_back(model))
		wrong(model, "gives back what must be kept");
	if (info.policy != model->policy || (info.flags & model->flags) != model->flags)
		wrong(model, "policy %d flags %x, expected %d %x", (int)info.policy, info.flags,
		      (int)model->policy, model->flags);
}

static void run_round(struct model *model, enum memory_kind kind, enum memory_state state,
		      unsigned long round, unsigned long operations)
{
	bool track = state != STATE_READ_ONLY && (round & 1);

	model->random = options.seed ^ (round + 1) * 0xd6e8feb86659fd93ULL;
	/* No case takes the steps of another. */
	for (const char *at = model->name; *at; at++)
		model->random = (model->random ^ (uint8_t)*at) * 0x100000001b3ULL;
	memory_make(&model->memory, kind, state, random_next(&model->random));
	allocate(model);
	/* What was allocated and not written yet a look through a mapping would make data. */
	model->peeks = is_counted(model) && !model->page_out && state != STATE_FALLOCATED;
	if (model->peeks)
		memory_observe(&model->memory);
	model->gathered_count = model->not_freed = 0;
	model->len = model->memory.pages * model->memory.page;
	if (chance(model, 4))
		model->len -= below(model, page_size);
	model->flags = (track ? (uint32_t)MIGFIX_TRACK : 0) |
		       (round & 2 && !has_owner(state) ? (uint32_t)MIGFIX_MUST_BE_PRESENT : 0) |
		       (state == STATE_PINNED ? (uint32_t)MIGFIX_PINNED : 0);
	look_at_first(model);
	open_region(model, round & 4);
	check_info(model);
	operations += model->operation;
	while (model->operation < operations)
		operate(model);
	model->doing = "close";
	returned(model, migfix_region_close(model->region), 0);
	handled(model);
	check_present(model);
	check_everything(model);
	if (!memory_free(&model->memory))
		wrong(model, "what a child kept has changed");
}

static bool wanted(struct model *model, enum memory_kind kind, enum memory_state state,
		   enum migfix_policy policy)
{
	snprintf(model->name, sizeof(model->name), "%s/%s/%s", memory_kind_name(kind),
		 memory_state_name(state), migfix_policy__name(policy));
	return memory_possible(kind, state) && !fnmatch(options.pattern, model->name, 0);
}

static void run_case(struct model *model, enum memory_kind kind, enum memory_state state,
		     enum migfix_policy policy)
{
	/* Each with and without tracking, must-be-present, and being told the backing. */
	unsigned long each = options.operations / 8, longest = round_length(kind, state);

	each = each < longest ? each : longest;

	model->policy = policy;
	model->operation = 0;
	model->page_out = options.swap;
	if (setjmp(next_case)) {
		memory_free(&model->memory);
		return;
	}
	for (unsigned long round = 0; model->operation < options.operations; round++)
		run_round(model, kind, state, round, each ? each : 1);
}

static void run_kind(enum memory_kind kind, unsigned long *cases, unsigned long *operations)
{
	static struct model model;

	for (enum memory_state state = 0; state < MEMORY_STATES; state++) {
		for (enum migfix_policy policy = 0; policy <= MIGFIX_POLICY_MADVISE_FIRST;
		     policy++) {
			if (!wanted(&model, kind, state, policy))
				continue;
			if (options.list) {
				puts(model.name);
				continue;
			}
			run_case(&model, kind, state, policy);
			++*cases;
			*operations += model.operation;
		}
	}
}

static bool has_case(enum memory_kind kind)
{
	static struct model model;

	for (enum memory_state state = 0; state < MEMORY_STATES; state++)
		for (enum migfix_policy policy = 0; policy <= MIGFIX_POLICY_MADVISE_FIRST; policy++)
			if (wanted(&model, kind, state, policy))
				return true;
	return false;
}

static void parse(int argc, char **argv)
{
	static const struct option known[] = {
		{"seed", required_argument, NULL, 's'},
		{"operations", required_argument, NULL, 'n'},
		{"case", required_argument, NULL, 'c'},
		{"swap", no_argument, NULL, 'w'},
		{"list", no_argument, NULL, 'l'},
		{0},
	};
	int option;

	options.seed = (uint64_t)time(NULL);
	while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
		switch (option) {
		case 's':
			options.seed = strtoull(optarg, NULL, 0);
			break;
		case 'n':
			options.operations = strtoul(optarg, NULL, 0);
			break;
		case 'c':
			options.pattern = optarg;
			break;
		case 'w':
			options.swap = true;
			break;
		case 'l':
			options.list = true;
			break;
		default:
			fprintf(stderr, "usage: model [--seed N] [--operations N] [--case "
					"KIND/STATE/POLICY] "
					"[--swap] [--list]\n");
			exit(2);
		}
	}
}

int main(int argc, char **argv)
{
	unsigned long cases = 0, operations = 0;
	size_t huge_pages = 0;

	parse(argc, argv);
	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("seed %llu\n", (unsigned long long)options.seed);
	for (enum memory_kind kind = 0; kind < MEMORY_HUGETLB_1G; kind++)
		if (has_case(kind) && memory_huge_pages(kind) > huge_pages)
			huge_pages = memory_huge_pages(kind);
	if (huge_pages && !options.list)
		hugetlb_need(huge_pages);
	/* It would fill holes beside what is populated, at a time of its own. */
	if (!options.list && !setting_set(MAX_PTES_NONE, "0"))
		skip("cannot set " MAX_PTES_NONE);
	if (options.swap)
		swap_need(65536);
	for (enum memory_kind kind = 0; kind < MEMORY_HUGETLB_1G; kind++)
		run_kind(kind, &cases, &operations);
	/* Moves a GiB at a time: only for who asks for it. */
	if (!strncmp(options.pattern, "hugetlb-1g", strlen("hugetlb-1g"))) {
		if (!options.list && !setting_set(NR_1G, "1"))
			skip("no huge page of 1 GiB to be had: " NR_1G);
		run_kind(MEMORY_HUGETLB_1G, &cases, &operations);
	}
	printf("%lu cases, %lu operations, %u failed\n", cases, operations, failures);
	if (!options.list && !cases)
		fail("no case is called %s", options.pattern);
	return failures != 0;
}
