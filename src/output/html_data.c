/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writes the data of the HTML page. The chains of thousands of call sites have few distinct frames,
 * so each distinct frame is written once, and chains refer to it by number. It must not know how
 * the page looks.
 */
#include "output/html_data.h"
#include "output/flame.h"
#include "output/json_write_internal.h"
#include "output/palette.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct page {
	/* must come first: page__frame() casts a pointer to it back to the page */
	struct record_writer rw;
	json_object *root;
	json_object *frames;  /* an array, owned by "root" */
	json_object *numbers; /* from the key of a frame to its number */
};

/* --- frames by number --- */

static json_object *page__new_frame(struct page *p, const char *key, enum flame_kind kind,
				    const char *name, int64_t *number)
{
	json_object *object, *v;

	*number = (int64_t)json_object_array_length(p->frames);
	object = writer__element(&p->rw.w, p->frames);
	if (!object)
		return NULL;
	writer__put(&p->rw.w, object, "name", writer__string(&p->rw.w, name));
	writer__put(&p->rw.w, object, "kind", writer__string(&p->rw.w, flame_kind__name(kind)));
	v = json_object_new_int64(*number);
	if (!v)
		p->rw.w.failed = true;
	writer__put(&p->rw.w, p->numbers, key, v);
	return object;
}

/* Returns the number of a frame, which may be new; -1 without memory. */
static int64_t page__number(struct page *p, enum flame_kind kind, const struct record_frame *f,
			    const char *name)
{
	static const struct record_frame none;
	json_object *known, *object;
	int64_t number = -1;
	char *key;

	f = f ? f : &none;
	/* The lengths make the key unambiguous: without them, the end of one member could pass for
	 * the beginning of the next. */
	if (asprintf(&key, "%d %u %" PRIx64 " %d %zu %zu %zu %s%s%s%s%s", (int)kind, f->line,
		     f->offset, f->inlined, strlen(f->module ? f->module : ""),
		     strlen(f->function ? f->function : ""), strlen(f->symbol ? f->symbol : ""),
		     f->module ? f->module : "", f->function ? f->function : "",
		     f->symbol ? f->symbol : "", f->file ? f->file : "",
		     f == &none ? name : "") < 0) {
		p->rw.w.failed = true;
		return -1;
	}
	if (json_object_object_get_ex(p->numbers, key, &known)) {
		number = json_object_get_int64(known);
	} else {
		object = page__new_frame(p, key, kind, name, &number);
		if (object && f != &none)
			record_writer__frame(&p->rw, object, f);
	}
	free(key);
	return p->rw.w.failed ? -1 : number;
}

static json_object *page__frame(struct record_writer *rw, const struct record_frame *f)
{
	struct format_text name;

	format__clear(&name);
	format__add_frame(&name, f);
	format__fit(&name, FLAME_NAME);
	return json_object_new_int64(page__number((struct page *)rw, FLAME_FRAME, f, name.s));
}

/* --- the other data --- */

static void page__categories(struct page *p, const struct record *r)
{
	json_object *object = json_object_new_object();

	writer__put(&p->rw.w, p->root, "categories", object);
	for (size_t i = 0; i < r->nr_callsites && !p->rw.w.failed; i++) {
		const char *category = r->callsites[i].category;
		json_object *name = writer__string(&p->rw.w, category ? category : "other");

		if (name)
			writer__put(&p->rw.w, object, json_object_get_string(name),
				    json_object_new_int((int)palette__color(category)));
		json_object_put(name);
	}
}

/* Writes the flame graph straight to "f": it is numbers only, and many of them. */
static int page__flame(struct page *p, const struct record *r, FILE *f)
{
	struct flame flame;
	int err = flame__make(&flame, r);

	for (size_t i = 0; !err && i < flame.n; i++) {
		const struct flame_node *node = &flame.v[i];
		struct format_text name;

		format__clear(&name);
		flame_node__name(&flame, node, &name);
		fprintf(f, "%s%" PRId64 ",%zu,%" PRId64 ",%" PRId64 ",%u", i ? "," : "",
			page__number(p, node->kind, node->frame, name.s), node->parent,
			node->populated_pages, node->zero_populated_pages,
			i ? palette__color(node->category) : 0);
		if (p->rw.w.failed)
			err = -ENOMEM;
	}
	flame__clear(&flame);
	return err;
}

/* Escapes '<': in JSON it occurs only inside strings, and nothing ends a <script> without it. */
static void put__json(const char *s, FILE *f)
{
	for (const char *end; (end = strchr(s, '<')); s = end + 1) {
		fwrite(s, 1, (size_t)(end - s), f);
		fputs("\\u003c", f);
	}
	fputs(s, f);
}

int html_data__write(const struct record *r, FILE *f)
{
	struct page p = {.rw = {.frame = page__frame}};
	char *flame = NULL;
	const char *text;
	size_t len = 0;
	FILE *numbers = open_memstream(&flame, &len);
	int err = -ENOMEM;

	p.root = json_object_new_object();
	p.numbers = json_object_new_object();
	if (!numbers || !p.root || !p.numbers)
		goto out;
	p.frames = writer__array(&p.rw.w, p.root, "frames");
	if (!p.frames)
		goto out;
	record_writer__put(&p.rw, p.root, r);
	page__categories(&p, r);
	err = page__flame(&p, r, numbers);
	if (fclose(numbers) || p.rw.w.failed)
		err = -ENOMEM;
	numbers = NULL;
	text = err ? NULL
		   : json_object_to_json_string_ext(p.root, JSON_C_TO_STRING_PLAIN |
								    JSON_C_TO_STRING_NOSLASHESCAPE);
	if (!text) {
		err = -ENOMEM;
		goto out;
	}
	fputs("{\"flame\":[", f);
	fputs(flame, f);
	fputs("],\n\"record\":", f);
	put__json(text, f);
	fputs("}\n", f);
out:
	if (numbers)
		fclose(numbers);
	free(flame);
	json_object_put(p.numbers);
	json_object_put(p.root);
	return err;
}
