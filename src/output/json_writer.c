/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Makes JSON values: an unknown value becomes null, bytes that are not UTF-8 are spelt out, and a
 * lack of memory is reported at the end. It must not know what is written.
 */
#include "output/json_writer.h"
#include "output/format.h"
#include "record.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

json_object *writer__check(struct writer *w, json_object *v)
{
	if (!v)
		w->failed = true;
	return v;
}

void writer__put(struct writer *w, json_object *object, const char *name, json_object *v)
{
	if (!object || json_object_object_add(object, name, v)) {
		json_object_put(v);
		w->failed = true;
	}
}

void writer__append(struct writer *w, json_object *array, json_object *v)
{
	if (!array || json_object_array_add(array, v)) {
		json_object_put(v);
		w->failed = true;
	}
}

json_object *writer__object(struct writer *w, json_object *parent, const char *name)
{
	json_object *v = writer__check(w, json_object_new_object());

	writer__put(w, parent, name, v);
	return w->failed ? NULL : v;
}

json_object *writer__array(struct writer *w, json_object *parent, const char *name)
{
	json_object *v = writer__check(w, json_object_new_array());

	writer__put(w, parent, name, v);
	return w->failed ? NULL : v;
}

json_object *writer__element(struct writer *w, json_object *array)
{
	json_object *v = writer__check(w, json_object_new_object());

	writer__append(w, array, v);
	return w->failed ? NULL : v;
}

json_object *writer__string(struct writer *w, const char *s)
{
	json_object *v;
	char *clean;

	if (!s)
		return NULL;
	clean = format__utf8_copy(s);
	v = writer__check(w, clean ? json_object_new_string(clean) : NULL);
	free(clean);
	return v;
}

json_object *writer__double(struct writer *w, double d)
{
	/* tried in order: the fewest digits that read back as the same number */
	static const char *const formats[] = {"%.15g", "%.16g", "%.17g"};
	json_object *v;
	char buf[40];
	size_t i;

	if (!isfinite(d))
		return NULL;
	for (i = 0; i < 2; i++) {
		snprintf(buf, sizeof(buf), formats[i], d);
		if (strtod(buf, NULL) == d)
			break;
	}
	v = writer__check(w, json_object_new_double(d));
	if (v)
		json_object_set_serializer(v, json_object_double_to_json_string,
					   (void *)(uintptr_t)formats[i], NULL);
	return v;
}

json_object *writer__count(struct writer *w, int64_t n)
{
	return n == RECORD_UNKNOWN ? NULL : writer__check(w, json_object_new_int64(n));
}

int writer__finish(struct writer *w, json_object *root, FILE *f)
{
	const char *text = NULL;
	int err = -ENOMEM;

	if (root && !w->failed)
		text = json_object_to_json_string_ext(root, JSON_C_TO_STRING_PRETTY |
								    JSON_C_TO_STRING_SPACED |
								    JSON_C_TO_STRING_NOSLASHESCAPE);
	if (text) {
		errno = EIO;
		err = fputs(text, f) == EOF || fputc('\n', f) == EOF ? -errno : 0;
	}
	json_object_put(root);
	return err;
}
