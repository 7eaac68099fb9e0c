/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A record as a real migration leaves it, for the tests of what reads records, and a memory stream
 * to look at what was printed. Every member of every object is set to a figure of its own.
 */
#ifndef MIGPOP_TESTS_SAMPLE_RECORD_H
#define MIGPOP_TESTS_SAMPLE_RECORD_H

#include "losses.h"
#include "record.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static inline void sample__frames(struct record_frames *f, const char *const *names, size_t n)
{
	f->v = calloc(n, sizeof(*f->v));
	f->n = n;
	for (size_t i = 0; i < n; i++) {
		f->v[i].module = strdup("/usr/bin/qemu-system-x86_64");
		f->v[i].build_id = strdup("5f1e0c0d");
		f->v[i].offset = 0x788310 + i;
		f->v[i].function = strdup(names[i]);
		if (strncmp(names[i], "fn+", 3) != 0)
			f->v[i].symbol = strdup(names[i]);
	}
	f->v[0].file = strdup("util/bufferiszero.c");
	f->v[0].line = 42;
	f->v[0].inlined = true;
}

static inline void sample__ram(struct record_backing *b, int64_t pages, int64_t zero)
{
	b->name = strdup("memfd:ram0");
	b->kind = "shmem";
	b->inode = 1042;
	b->ram_block = strdup("ram0");
	b->shared = true;
	b->length_pages = 262144;
	b->populated_pages = pages;
	b->zero_populated_pages = zero;
}

static inline struct record_callsite *sample__callsite(struct record *r, const char *category,
						       enum record_access access, int64_t pages,
						       int64_t zero, const char *leaf)
{
	const char *const names[] = {leaf, "fn+0x788310", "qemu_loadvm_state_main", "main"};
	struct record_callsite *c = record__add_callsite(r);

	c->category = strdup(category);
	c->access = access;
	c->context = RECORD_CONTEXT_USER;
	c->pid = 4711;
	c->faults = pages;
	c->populated_pages = pages;
	c->zero_populated_pages = zero;
	c->fault_ns = RECORD_UNKNOWN;
	c->chain_end = "complete";
	sample__ram(record_callsite__add_backing(c), pages, zero);
	sample__frames(&c->frames, names, 4);
	return c;
}

static inline void sample__books(struct record *r)
{
	struct record_accounting *a = record__add_accounting(r);

	a->kind = "shmem";
	a->name = strdup("memfd:ram0");
	a->inode = 1042;
	a->traced_pages = a->kernel_pages = 262144;
	a = record__add_accounting(r);
	a->kind = "anon";
	a->name = strdup("anonymous memory");
	a->pid = 4711;
	a->traced_pages = a->kernel_pages = 31;
	a->uncertainty_pages = 2;
	a = record__add_accounting(r);
	a->kind = "page-tables";
	a->pid = 4711;
	a->traced_pages = a->residual_pages = RECORD_UNKNOWN;
	a->kernel_pages = 514;
}

static inline void sample__head(struct record *r)
{
	struct record_target *t = record__add_target(r);

	r->tool_version = strdup("0.1");
	r->host_kernel = strdup("6.18.5");
	r->host_arch = strdup("x86_64");
	r->host_lockdown = strdup("integrity");
	r->host_page_size = 4096;
	r->mode = "tracepoint";
	r->stack = "cfi";
	r->opened_by_text = strdup("setup");
	r->closed_by_text = strdup("completed");
	r->start_ns = 1000000000;
	r->end_ns = 4050000000;
	r->started_at = strdup("2026-11-30T06:12:47.123456789Z");
	r->host_name = strdup("hypervisor-3");
	r->host_boot_id = strdup("6b1f9b0e-54a5-4c1e-8d0a-1c1c3f2b7a55");
	r->opened_by = REASON_THREAD_ARGUMENT;
	r->closed_by = REASON_MIGRATION_END;
	r->migration.role = ROLE_DESTINATION;
	r->migration.outcome = OUTCOME_COMPLETED;
	r->migration.transport = TRANSPORT_SOCKET;
	r->migration.purpose = PURPOSE_LIVE;
	r->migration.total_ms = 3052;
	r->migration.downtime_ms = 17;
	r->migration.setup_ms = 12;
	r->migration.transferred_bytes = 2360000;
	r->migration.rounds = 3;
	t->pid = 4711;
	t->uuid = strdup("8d6e3b9c-0f43-4b21-9a0d-2f7f0c5e1a90");
	t->uid = 64055;
	t->cgroup = strdup("/machine.slice/machine-qemu.scope/libvirt/emulator");
	t->pod_uid = strdup("0f9a4a52-6c5b-4e0e-8a3b-5d1c2b3a4f60");
	t->container_id =
		strdup("0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef");
	t->vmm_name = strdup("QEMU");
	t->vmm_version = strdup("7.2.22");
	t->ram_bytes = 1073741824;
	t->rss_pages_before = 9216;
	t->rss_pages_after = 278016;
	t->comm = strdup("qemu-system-x86");
	t->exe = strdup("/usr/bin/qemu-system-x86_64");
	t->build_id = strdup("5f1e0c0d");
	t->guest = strdup("fedora-7");
	t->cmdline = calloc(2, sizeof(*t->cmdline));
	t->nr_cmdline = 2;
	t->cmdline[0] = strdup("qemu-system-x86_64");
	t->cmdline[1] = strdup("-incoming=\"unix:x\"\n");
}

static inline void sample__phase(struct record *r, const char *name, uint32_t round, uint64_t begin,
				 uint64_t end)
{
	*record__add_phase(r) = (struct record_phase){name, round, begin, end};
}

static inline void sample__thread(struct record *r, uint32_t tid, const char *comm, int64_t pages)
{
	struct record_thread *t = record__add_thread(r);

	t->pid = 4711;
	t->tid = tid;
	t->comm = strdup(comm);
	t->faults = pages;
	t->populated_pages = pages;
}

static inline void sample__callsites(struct record *r)
{
	struct record_callsite *c;

	sample__callsite(r, "zero-page", RECORD_ACCESS_READ, 262095, 262095, "buffer_is_zero");
	sample__callsite(r, "page-payload", RECORD_ACCESS_WRITE, 49, 0, "memcpy");
	c = sample__callsite(r, "prealloc", RECORD_ACCESS_NONE, 31, 0, "fallocate64");
	c->context = RECORD_CONTEXT_SYSCALL;
	c->syscall = strdup("fallocate");
}

static inline void sample__totals(struct record *r)
{
	r->totals.faults = 262144;
	r->totals.faults_user = 262100;
	r->totals.faults_kernel = 44;
	r->totals.populated_pages = 262175;
	r->totals.zero_populated_pages = 262095;
	r->totals.mapped_pages = 12;
	r->totals.released_pages = 5;
	r->totals.advice_calls = 3;
	r->totals.advice_bytes = 20480;
}

static inline void sample__backings(struct record *r)
{
	struct record_backing *b = record__add_backing(r);

	sample__ram(b, 262144, 262095);
	b->released_pages = 5;
	b = record__add_backing(r);
	b->name = strdup("[heap]");
	b->kind = "anon";
	b->length_pages = RECORD_UNKNOWN;
	b->populated_pages = 31;
}

static inline void sample__advice(struct record *r)
{
	static const char *const discard[] = {"qemu_ram_discard", "main"};
	struct record_advice *a = record__add_advice(r);

	a->call = "madvise";
	a->behavior = "MADV_REMOVE";
	a->pid = 4711;
	a->calls = 3;
	a->failed = 1;
	a->error = "EACCES";
	a->bytes = 20480;
	a->released_pages = 5;
	sample__frames(&a->frames, discard, 2);
}

/* What was lost, which is little, and what the tracing cost. */
static inline void sample__losses(struct record *r)
{
	record__add_lost(r, "map-full", 0);
	*record__add_room(r) = (struct record_room){TABLE_UNWIND_ROWS, 130241,
						    strdup("/usr/bin/qemu")};
	record__add_unwind_error(r, "expression", 7);
	r->lost.stacks = 0;
	r->lost.truncated_stacks = 7;
	r->overhead.events = 262144;
	r->overhead.bpf_ns = 54000000;
	r->overhead.ns_per_event = 205.99;
	r->overhead.share_of_window = 0.0177;
}

static inline void sample__times(struct record *r)
{
	struct record_tick *tick = record__add_tick(r);

	tick->t_ns = 1000;
	tick->faults = 10;
	tick->populated_pages = 11;
	tick->released_pages = RECORD_UNKNOWN;
	tick->rss_pages = 9000;
	sample__phase(r, "setup", 0, 0, 12000000);
	sample__phase(r, "precopy", 1, 12000000, 2500000000);
	sample__phase(r, "precopy", 2, 2500000000, 3040000000);
	sample__phase(r, "downtime", 3, 3040000000, 3050000000);
}

static inline struct record *sample__record(void)
{
	struct record *r = record__new();

	sample__head(r);
	sample__totals(r);
	sample__callsites(r);
	sample__thread(r, 4711, "qemu-system-x86", 262095);
	sample__thread(r, 4722, "mig/dst/recv_1", 80);
	sample__backings(r);
	sample__books(r);
	sample__advice(r);
	sample__times(r);
	sample__losses(r);
	record__judge_losses(r);
	return r;
}

/* What @write prints of @r; the caller frees it. */
static inline char *sample__print(const struct record *r,
				  int (*write)(const struct record *, FILE *), size_t *len)
{
	char *text = NULL;
	FILE *f = open_memstream(&text, len);
	int err = write(r, f);

	fclose(f);
	if (err) {
		free(text);
		return NULL;
	}
	return text;
}

#endif
