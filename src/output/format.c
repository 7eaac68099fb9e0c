/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Formats figures and names for the screen. Names come from processes that may be hostile: control
 * characters are replaced before a name reaches a terminal. It must not know what is printed.
 */
#include "output/format.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

void format__clear(struct format_text *t)
{
	t->s[0] = '\0';
	t->n = 0;
	t->columns = 0;
}

int format__utf8(const char *str, uint32_t *code_point)
{
	const unsigned char *s = (const unsigned char *)str;
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	uint32_t c;
	int len;

	if (s[0] < 0x80) {
		*code_point = s[0];
		return 1;
	}
	if (s[0] >= 0xc2 && s[0] < 0xe0)
		len = 2;
	else if (s[0] >= 0xe0 && s[0] < 0xf0)
		len = 3;
	else if (s[0] >= 0xf0 && s[0] < 0xf5)
		len = 4;
	else
		return 0;
	c = s[0] & (0xffU >> (len + 1));
	for (int i = 1; i < len; i++) {
		/* the terminating 0 is no continuation byte, so this never reads past it */
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (s[i] & 0x3fU);
	}
	if (c < least[len] || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
		return 0;
	*code_point = c;
	return len;
}

/* True if the character would move the cursor, change the direction of writing, or be invisible. */
static bool utf8__is_harmful(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0xad || c == 0x61c || c == 0x180e ||
	       (c >= 0x200b && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) ||
	       (c >= 0x2060 && c <= 0x206f) || c == 0xfeff || (c >= 0xfff0 && c <= 0xfffb) ||
	       (c >= 0xe0000 && c <= 0xe0fff);
}

/* Copies "s" with \xNN for bytes that are not UTF-8, and, if "harmful_too", for harmful characters.
 * */
static char *string__copy(const char *s, bool harmful_too)
{
	char *copy = malloc(4 * strlen(s) + 1);
	uint32_t c;
	size_t n = 0;
	int len;

	for (; copy && *s; s += len) {
		len = format__utf8(s, &c);
		if (len && !(harmful_too && utf8__is_harmful(c))) {
			memcpy(copy + n, s, (size_t)len);
			n += (size_t)len;
			continue;
		}
		len = len ? len : 1;
		for (int i = 0; i < len; i++)
			n += (size_t)sprintf(copy + n, "\\x%02x", (unsigned char)s[i]);
	}
	if (copy)
		copy[n] = '\0';
	return copy;
}

char *format__utf8_copy(const char *s)
{
	return string__copy(s, false);
}

char *format__name_copy(const char *s)
{
	return string__copy(s, true);
}

/* Appends one character, or several that belong together. If they do not all fit, it appends
 * nothing. */
static void format__append(struct format_text *t, const char *s, size_t len, int columns)
{
	if (len >= sizeof(t->s) - t->n)
		return;
	memcpy(t->s + t->n, s, len);
	t->n += len;
	t->s[t->n] = '\0';
	t->columns += columns;
}

void format__add(struct format_text *t, const char *fmt, ...)
{
	char buf[512];
	uint32_t c;
	va_list ap;
	int n, len;

	va_start(ap, fmt);
	n = vsnprintf(buf, sizeof(buf), fmt, ap);
	va_end(ap);
	if (n < 0)
		return;
	for (const char *s = buf; *s; s += len) {
		len = format__utf8(s, &c);
		if (!len)
			return; /* vsnprintf() cut the text in the middle of a character */
		format__append(t, s, (size_t)len, 1);
	}
}

void format__add_name(struct format_text *t, const char *name)
{
	char hex[8];
	uint32_t c;
	int len;

	for (const char *s = name; *s; s += len) {
		len = format__utf8(s, &c);
		if (len && !utf8__is_harmful(c)) {
			format__append(t, s, (size_t)len, 1);
			continue;
		}
		len = len ? len : 1;
		for (int i = 0; i < len; i++) {
			snprintf(hex, sizeof(hex), "\\x%02x", (unsigned char)s[i]);
			format__append(t, hex, 4, 4);
		}
	}
}

void format__fit(struct format_text *t, int columns)
{
	static const char ellipsis[] = "…";
	const char *s = t->s;
	uint32_t c;

	if (t->columns <= columns)
		return;
	if (columns < 1) {
		format__clear(t);
		return;
	}
	for (int i = 0; i < columns - 1; i++)
		s += format__utf8(s, &c);
	t->n = (size_t)(s - t->s);
	/* the ellipsis may be longer than the characters that it replaces: then there is no room
	 * for it */
	if (t->n + sizeof(ellipsis) > sizeof(t->s)) {
		t->s[t->n] = '\0';
		t->columns = columns - 1;
		return;
	}
	memcpy(t->s + t->n, ellipsis, sizeof(ellipsis));
	t->n += sizeof(ellipsis) - 1;
	t->columns = columns;
}

const char *format__count(char buf[FORMAT_NUMBER], int64_t n)
{
	char digits[24];
	size_t len, out = 0;

	if (n == RECORD_UNKNOWN)
		return strcpy(buf, "?");
	len = (size_t)snprintf(digits, sizeof(digits), "%" PRIu64,
			       n < 0 ? (uint64_t)-n : (uint64_t)n);
	if (n < 0)
		buf[out++] = '-';
	for (size_t i = 0; i < len; i++) {
		if (i && (len - i) % 3 == 0)
			buf[out++] = ',';
		buf[out++] = digits[i];
	}
	buf[out] = '\0';
	return buf;
}

const char *format__size(char buf[FORMAT_NUMBER], double bytes)
{
	static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB", "ZiB"};
	size_t u = 0;

	/* 1023.5 rounds up to 1024: show 1 MiB rather than 1024 KiB */
	while (fabs(bytes) >= 1023.5 && u + 1 < sizeof(units) / sizeof(units[0])) {
		bytes /= 1024;
		u++;
	}
	/* three significant digits, but never fewer than there are before the point */
	snprintf(buf, FORMAT_NUMBER, "%.*f %s",
		 u == 0                ? 0
		 : fabs(bytes) < 9.995 ? 2
		 : fabs(bytes) < 99.95 ? 1
				       : 0,
		 bytes, units[u]);
	return buf;
}

const char *format__percent(char buf[FORMAT_NUMBER], int64_t part, int64_t whole)
{
	double p;

	if (part == RECORD_UNKNOWN || whole == RECORD_UNKNOWN || whole == 0)
		return strcpy(buf, part == 0 && whole == 0 ? "0 %" : "?");
	if (part == whole)
		return strcpy(buf, "100 %");
	if (part == 0)
		return strcpy(buf, "0 %");
	p = 100.0 * (double)part / (double)whole;
	if (p > 0 && p < 0.01)
		return strcpy(buf, "<0.01 %");
	if (p > 99.99 && part < whole)
		return strcpy(buf, ">99.99 %");
	snprintf(buf, FORMAT_NUMBER, "%.2f %%", p);
	return buf;
}

const char *format__time(char buf[FORMAT_NUMBER], double ns)
{
	if (ns < 100)
		snprintf(buf, FORMAT_NUMBER, "%.0f ns", ns);
	else if (ns < 1e6)
		snprintf(buf, FORMAT_NUMBER, ns < 1e5 ? "%.1f µs" : "%.0f µs", ns / 1e3);
	else if (ns < 1e9)
		snprintf(buf, FORMAT_NUMBER, ns < 1e8 ? "%.1f ms" : "%.0f ms", ns / 1e6);
	else if (ns < 1e15)
		snprintf(buf, FORMAT_NUMBER, "%.2f s", ns / 1e9);
	else
		snprintf(buf, FORMAT_NUMBER, "%.3g s", ns / 1e9);
	return buf;
}

static const char *path__base(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash && slash[1] ? slash + 1 : path;
}

/* Shortens "qemu-system-x86_64", which would fill the line, to "qemu". */
static const char *module__short(const char *path)
{
	const char *base = path__base(path);

	return strncmp(base, "qemu-system-", 12) == 0 ? "qemu" : base;
}

const char *frame__name(const struct record_frame *f)
{
	const char *name = f->function && f->function[0] ? f->function : f->symbol;

	return name && name[0] ? name : NULL;
}

bool frame__is_stripped(const struct record_frame *f)
{
	const char *name = frame__name(f);

	return name && strncmp(name, "fn+0x", 5) == 0;
}

void format__add_frame(struct format_text *t, const struct record_frame *f)
{
	const char *name = frame__name(f);
	bool in_module = f->module && f->module[0], stripped = frame__is_stripped(f);

	if (name && !(stripped && in_module)) {
		format__add_name(t, name);
		return;
	}
	/* "fn+0x…" or an offset means nothing without its module */
	if (in_module)
		format__add_name(t, module__short(f->module));
	if (stripped) {
		format__add(t, "!");
		format__add_name(t, name);
	} else {
		format__add(t, in_module ? "+0x%" PRIx64 : "0x%" PRIx64, f->offset);
	}
}

void format__add_chain(struct format_text *t, const struct record_frames *f)
{
	struct format_text frame;

	if (!f->n)
		format__add(t, "(call chain not known)");
	for (size_t i = 0; i < f->n; i++) {
		format__clear(&frame);
		format__add_frame(&frame, &f->v[i]);
		format__fit(&frame, 160); /* a C++ template must leave room for its callers */
		if (t->n + frame.n + 8 >= sizeof(t->s)) {
			format__append(t, " ← …", strlen(" ← …"), 4);
			return;
		}
		if (i)
			format__add(t, " ← ");
		format__append(t, frame.s, frame.n, frame.columns);
	}
}

void format__add_memory(struct format_text *t, const struct record_backing *b)
{
	const char *what = b->kind;

	if (!b->kind)
		what = "?";
	else if (strcmp(b->kind, "anon") == 0)
		what = "anonymous";
	else if (strcmp(b->kind, "shmem") == 0 && b->name &&
		 (strncmp(b->name, "memfd:", 6) == 0 || strncmp(b->name, "/memfd:", 7) == 0))
		what = "memfd";
	format__add(t, "%s, %s", what, b->shared ? "shared" : "private");
}

void format__put(FILE *f, const struct format_text *t, int columns)
{
	int width = columns < 0 ? -columns : columns;
	int pad = width > t->columns ? width - t->columns : 0;

	fprintf(f, "%*s%s%*s", columns < 0 ? pad : 0, "", t->s, columns < 0 ? 0 : pad, "");
}
