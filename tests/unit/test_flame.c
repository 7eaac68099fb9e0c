/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The call tree of a record: what shares a path from the start of the thread is one node, and every
 * page is in it once.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "output/flame.h"
#include "sample_record.h"

static const struct flame_node *child(const struct flame *f, const struct flame_node *node,
				      const char *name)
{
	struct format_text t;

	for (size_t i = node->first; i < node->first + node->n; i++) {
		format__clear(&t);
		flame_node__name(f, &f->v[i], &t);
		if (strcmp(t.s, name) == 0)
			return &f->v[i];
	}
	return NULL;
}

static void assert_path(const struct flame *f, const char *const *path, int64_t populated,
			int64_t zero)
{
	const struct flame_node *node = f->v;

	for (; *path; path++) {
		node = child(f, node, *path);
		if (!node)
			fail_msg("no %s", *path);
	}
	assert_int_equal(node->populated_pages, populated);
	assert_int_equal(node->zero_populated_pages, zero);
}

/* Parents come first, children lie side by side, and no node has more below it than it says. */
static void assert_sound(const struct flame *f)
{
	for (size_t i = 0; i < f->n; i++) {
		const struct flame_node *node = &f->v[i];
		int64_t below = 0;

		assert_true(i == 0 || node->parent < i);
		assert_int_equal(node->depth, i ? f->v[node->parent].depth + 1 : 0);
		for (size_t k = node->first; k < node->first + node->n; k++) {
			assert_int_equal(f->v[k].parent, i);
			assert_true(k == node->first ||
				    f->v[k].populated_pages <= f->v[k - 1].populated_pages);
			below = record_count__sum(below, f->v[k].populated_pages);
		}
		assert_true(below <= node->populated_pages);
	}
}

static void test_paths(void **state)
{
	const char *const payload[] = {"main", "qemu_loadvm_state_main", "qemu!fn+0x788310",
				       "memcpy", NULL};
	const char *const call[] = {"main",        "qemu_loadvm_state_main", "qemu!fn+0x788310",
				    "fallocate64", "[syscall:fallocate]",    NULL};
	const char *const all[] = {NULL};
	struct record *r = sample__record();
	struct flame f;

	(void)state;
	assert_int_equal(flame__make(&f, r), 0);
	assert_sound(&f);
	assert_int_equal(f.n, 8);
	assert_int_equal(f.depth, 6);
	assert_path(&f, all, 262175, 262095);
	assert_path(&f, payload, 49, 0);
	assert_path(&f, call, 31, 0);
	assert_string_equal(f.v[0].category, "zero-page");
	flame__clear(&f);
	record__free(r);
}

static void test_ends_and_processes(void **state)
{
	const char *const end[] = {"4711 qemu-system-x86", "[jit]", "main", NULL};
	const char *const worker[] = {"4711 qemu-system-x86", "[io_uring worker]", NULL};
	const char *const nothing[] = {"4711 qemu-system-x86", "[unknown]", NULL};
	struct record *r = sample__record();
	struct flame f;

	(void)state;
	record__add_target(r)->pid = 12;
	r->callsites[0].chain_end = "jit";
	for (size_t i = 1; i < 3; i++)
		r->callsites[i].frames.n = 0;
	free(r->callsites[2].syscall);
	r->callsites[2].syscall = strdup("io_uring worker");
	assert_int_equal(flame__make(&f, r), 0);
	assert_sound(&f);
	assert_path(&f, end, 262095, 262095);
	assert_path(&f, worker, 31, 0);
	assert_path(&f, nothing, 49, 0);
	flame__clear(&f);
	for (size_t i = 1; i < 3; i++)
		r->callsites[i].frames.n = 4;
	record__free(r);
}

/* Two static functions are never taken for one, nor a function for its namesake elsewhere. */
static void test_tells_apart(void **state)
{
	struct record *r = sample__record();
	struct flame f;
	struct record_frame *leaf = &r->callsites[1].frames.v[0];

	(void)state;
	free(leaf->function);
	leaf->function = strdup("buffer_is_zero");
	leaf->inlined = true;
	assert_int_equal(flame__make(&f, r), 0);
	assert_int_equal(f.n, 7); /* now the same */
	flame__clear(&f);
	leaf->inlined = false;
	assert_int_equal(flame__make(&f, r), 0);
	assert_int_equal(f.n, 8);
	flame__clear(&f);
	leaf->inlined = true;
	free(leaf->module);
	leaf->module = strdup("/lib/other.so");
	assert_int_equal(flame__make(&f, r), 0);
	assert_int_equal(f.n, 8);
	flame__clear(&f);
	for (size_t i = 0; i < 2; i++) {
		struct record_frame *v = &r->callsites[i].frames.v[0];

		free(v->function);
		free(v->symbol);
		free(v->module);
		v->function = v->symbol = v->module = NULL;
		v->offset = 0x1000 + i;
	}
	assert_int_equal(flame__make(&f, r), 0);
	assert_int_equal(f.n, 8);
	assert_sound(&f);
	flame__clear(&f);
	record__free(r);
}

static void test_extremes(void **state)
{
	struct record *r = record__new();
	struct flame f;

	(void)state;
	assert_int_equal(flame__make(&f, r), 0);
	assert_int_equal(f.n, 1);
	assert_int_equal(f.v[0].populated_pages, 0);
	flame__clear(&f);
	record__free(r);

	r = sample__record();
	r->callsites[0].populated_pages = r->callsites[1].populated_pages = INT64_MAX;
	r->callsites[2].populated_pages = r->callsites[2].zero_populated_pages = RECORD_UNKNOWN;
	assert_int_equal(flame__make(&f, r), 0);
	assert_int_equal(f.v[0].populated_pages, INT64_MAX);
	assert_sound(&f);
	flame__clear(&f);
	record__free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_paths),
		cmocka_unit_test(test_ends_and_processes),
		cmocka_unit_test(test_tells_apart),
		cmocka_unit_test(test_extremes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
