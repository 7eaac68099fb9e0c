/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pages and pictures of records that are worth looking at, into a directory: a migration, one whose
 * names are markup and whose figures are the largest there are, an empty record, and a large one.
 * Usage: pages DIR
 */
#include "output/html.h"
#include "output/svg.h"
#include "../unit/sample_record.h"

#include <errno.h>

struct chain {
	const char *category;
	enum record_access access;
	int64_t pages, zero;
	const char *frames[16]; /* innermost first; "module!function" where it is not QEMU's */
};

#define LOADER                                                                                     \
	"fn+0x788310", "qemu_loadvm_state_main", "qemu_loadvm_state", "fn+0x5a2c40",               \
		"coroutine_trampoline"
#define SENDER                                                                                     \
	"fn+0x5bd1e0", "qemu_savevm_state_iterate", "migration_thread", "libc.so.6!start_thread",  \
		"libc.so.6!__clone3"

static const struct chain chains[] = {
	{"zero-page", RECORD_ACCESS_READ, 214095, 214095, {"buffer_is_zero", LOADER}},
	{"zero-detect",
	 RECORD_ACCESS_READ,
	 31900,
	 31900,
	 {"buffer_zero_avx2", "buffer_is_zero", SENDER}},
	{"page-payload",
	 RECORD_ACCESS_WRITE,
	 24049,
	 0,
	 {"libc.so.6!__memcpy_avx_unaligned_erms", "qemu_get_buffer", LOADER}},
	{"device-load",
	 RECORD_ACCESS_WRITE,
	 2011,
	 0,
	 {"vmstate_load_state", "vmstate_load", "qemu_loadvm_section_start_full", LOADER}},
	{"vcpu",
	 RECORD_ACCESS_WRITE,
	 9312,
	 0,
	 {"cpu_exec", "tcg_cpus_exec", "mttcg_cpu_thread_fn", "libc.so.6!start_thread",
	  "libc.so.6!__clone3"}},
	{"postcopy",
	 RECORD_ACCESS_NONE,
	 812,
	 0,
	 {"libc.so.6!ioctl", "qemu_ufd_copy_ioctl", "postcopy_place_page",
	  "postcopy_ram_listen_thread"}},
	{"io", RECORD_ACCESS_NONE, 640, 0, {NULL}},
	{"other", RECORD_ACCESS_WRITE, 57, 2, {"g_malloc0", "object_new", "qemu_init", "main"}},
	{"site-policy", RECORD_ACCESS_WRITE, 301, 0, {"<script>alert(1)</script>", "main"}},
};

static void frame__set(struct record_frame *f, const char *name, uint64_t offset)
{
	const char *mark = strchr(name, '!');
	char module[64];

	snprintf(module, sizeof(module), "/usr/lib/x86_64-linux-gnu/%.*s",
		 mark ? (int)(mark - name) : 0, name);
	f->module = strdup(mark ? module : "/usr/bin/qemu-system-x86_64");
	f->build_id = strdup(mark ? "93ac61ec5a8eb139" : "5f1e0c0d");
	f->offset = offset;
	f->function = strdup(mark ? mark + 1 : name);
}

static void migration__callsite(struct record *r, const struct chain *chain)
{
	struct record_callsite *c = record__add_callsite(r);
	struct record_backing *b = record_callsite__add_backing(c);

	*c = (struct record_callsite){.category = strdup(chain->category),
				      .access = chain->access,
				      .pid = 4711,
				      .faults = chain->pages,
				      .populated_pages = chain->pages,
				      .zero_populated_pages = chain->zero,
				      .fault_ns = RECORD_UNKNOWN,
				      .backing = b,
				      .nr_backing = 1,
				      .chain_end = "complete"};
	*b = (struct record_backing){.name = strdup("memfd:ram0"),
				     .kind = "shmem",
				     .inode = 1042,
				     .ram_block = strdup("ram0"),
				     .shared = true,
				     .length_pages = 262144,
				     .populated_pages = chain->pages,
				     .zero_populated_pages = chain->zero};
	while (c->frames.n < 16 && chain->frames[c->frames.n])
		c->frames.n++;
	c->frames.v = calloc(c->frames.n, sizeof(*c->frames.v));
	for (size_t i = 0; i < c->frames.n; i++)
		frame__set(&c->frames.v[i], chain->frames[i], 0x40000 + 0x111 * i);
	if (chain->access == RECORD_ACCESS_NONE) {
		c->context = RECORD_CONTEXT_SYSCALL;
		c->syscall = strdup(c->frames.n ? "ioctl" : "io_uring worker");
	}
}

static void migration__backing(struct record *r, const char *name, const char *block, int64_t pages,
			       int64_t zero)
{
	struct record_backing *b = record__add_backing(r);

	b->name = strdup(name);
	b->kind = block ? "shmem" : "anon";
	b->ram_block = block ? strdup(block) : NULL;
	b->shared = block;
	b->length_pages = block ? 393216 : RECORD_UNKNOWN;
	b->populated_pages = pages;
	b->zero_populated_pages = zero;
}

static void migration__timeline(struct record *r)
{
	int64_t pages = r->totals.populated_pages;

	for (int i = 1; i <= 24; i++) {
		struct record_tick *tick = record__add_tick(r);
		int64_t now = pages * i * i / 460;

		tick->t_ns = (uint64_t)i * 127000000;
		tick->populated_pages = tick->faults = now < pages ? now : pages;
		tick->released_pages = i > 15 ? 5120 * (i - 15) : 0;
		tick->rss_pages = 9200 + tick->populated_pages - tick->released_pages;
	}
	r->totals.released_pages = 5120 * 9;
}

static void migration__phases(struct record *r)
{
	sample__phase(r, "setup", 0, 0, 12000000);
	sample__phase(r, "precopy", 1, 12000000, 1400000000);
	sample__phase(r, "precopy", 2, 1400000000, 2000000000);
	sample__phase(r, "precopy", 3, 2000000000, 2300000000);
	sample__phase(r, "downtime", 4, 2300000000, 2315000000);
	sample__phase(r, "postcopy", 0, 2315000000, 3050000000);
}

static void migration__advice(struct record *r)
{
	struct record_advice *a = record__add_advice(r);

	a->call = "madvise";
	a->behavior = "MADV_DONTNEED";
	a->pid = 4711;
	a->calls = r->totals.advice_calls = 107;
	a->failed = 3;
	a->error = "EINVAL";
	a->bytes = r->totals.advice_bytes = 5120 * 9 * 4096;
	a->released_pages = 5120 * 9;
	a->frames.v = calloc(3, sizeof(*a->frames.v));
	a->frames.n = 3;
	frame__set(&a->frames.v[0], "libc.so.6!__madvise", 0x101b07);
	frame__set(&a->frames.v[1], "ram_block_discard_range", 0x5b1200);
	frame__set(&a->frames.v[2], "postcopy_ram_incoming_init", 0x5c0f40);
}

static struct record *migration(void)
{
	struct record *r = record__new();
	int64_t pages = 0, zero = 0;

	sample__head(r);
	sample__books(r);
	for (size_t i = 0; i < sizeof(chains) / sizeof(chains[0]); i++) {
		migration__callsite(r, &chains[i]);
		pages += chains[i].pages;
		zero += chains[i].zero;
	}
	r->callsites[1].frames.v[0].inlined = true;
	r->callsites[1].frames.v[0].file = strdup("util/bufferiszero.c");
	r->callsites[1].frames.v[0].line = 114;
	r->callsites[4].chain_end = "jit";
	r->totals.populated_pages = r->totals.faults = pages;
	r->totals.faults_kernel = 1452;
	r->totals.zero_populated_pages = zero;
	migration__backing(r, "memfd:ram0", "ram0", pages - 358, zero - 2);
	migration__backing(r, "[heap]", NULL, 358, 2);
	migration__timeline(r);
	migration__phases(r);
	migration__advice(r);
	record__add_lost(r, "events_without_a_call_site_entry", 0);
	r->lost.stacks = 0;
	r->lost.truncated_stacks = 0;
	r->overhead.events = pages;
	r->overhead.bpf_ns = 54000000;
	record__sort(r);
	record__judge_losses(r);
	return r;
}

/* Every string of the record that is easily reached is @name, every figure 2^63 - 1. */
static struct record *hostile(void)
{
	static const char name[] =
		"</script><!--<script>alert(1)</script><img src=x onerror=alert(1)>"
		"\xff\xfe&amp;\"'\x1b[31m\xe2\x80\xae";
	struct record *r = sample__record();
	char *long_name = malloc(10001);

	memset(long_name, 'n', 10000);
	long_name[10000] = '\0';
	for (size_t i = 0; i < r->nr_callsites; i++) {
		struct record_callsite *c = &r->callsites[i];

		c->populated_pages = c->zero_populated_pages = c->faults = INT64_MAX;
		c->fault_ns = INT64_MAX;
		free(c->category);
		c->category = strdup(name);
		free(c->frames.v[0].function);
		c->frames.v[0].function = strdup("<script>alert(1)</script>");
		free(c->frames.v[1].function);
		c->frames.v[1].function = strdup(i ? long_name : name);
		c->frames.v[2].offset = UINT64_MAX;
	}
	free(r->target[0].guest);
	r->target[0].guest = strdup(name);
	free(r->backing[0].name);
	r->backing[0].name = long_name;
	r->totals.populated_pages = r->totals.zero_populated_pages = INT64_MAX;
	record__add_lost(r, name, INT64_MAX);
	return r;
}

/* More call sites than a screen has pixels, each with the longest chain there is. */
static struct record *large(void)
{
	struct record *r = sample__record();
	char name[32];

	for (int i = 0; i < 5000; i++) {
		struct record_callsite *c = record__add_callsite(r);

		c->category = strdup(i % 3 ? "zero-page" : "page-payload");
		c->access = RECORD_ACCESS_READ;
		c->pid = 4711;
		c->populated_pages = c->faults = 5000 - i;
		c->zero_populated_pages = i % 3 ? c->populated_pages : 0;
		c->fault_ns = RECORD_UNKNOWN;
		c->chain_end = "truncated";
		c->frames.n = 127;
		c->frames.v = calloc(127, sizeof(*c->frames.v));
		for (int k = 0; k < 127; k++) {
			snprintf(name, sizeof(name), "function_%d", (i + k) % 400);
			frame__set(&c->frames.v[k], name, (uint64_t)k);
		}
	}
	return r;
}

static int page__write(const char *dir, const char *name, const char *suffix,
		       const struct record *r, int (*write)(const struct record *r, FILE *f))
{
	char path[4096];
	FILE *f;
	int err;

	snprintf(path, sizeof(path), "%s/%s.%s", dir, name, suffix);
	f = fopen(path, "w");
	if (!f)
		return -errno;
	err = write(r, f);
	if (fclose(f) && !err)
		err = -errno;
	return err;
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		struct record *(*make)(void);
	} pages[] = {
		{"migration", migration},
		{"hostile", hostile},
		{"empty", record__new},
		{"large", large},
	};
	int err = 0;

	if (argc != 2) {
		fprintf(stderr, "usage: pages DIR\n");
		return 2;
	}
	for (size_t i = 0; i < sizeof(pages) / sizeof(pages[0]) && !err; i++) {
		struct record *r = pages[i].make();

		err = page__write(argv[1], pages[i].name, "html", r, output_html__write);
		if (!err)
			err = page__write(argv[1], pages[i].name, "svg", r, output_svg__write);
		record__free(r);
	}
	if (err)
		fprintf(stderr, "pages: %s\n", strerror(-err));
	return err ? 1 : 0;
}
