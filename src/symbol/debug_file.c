// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Finds the separate debug file of an ELF file. It does not use the search of libdwfl, which asks
 * debuginfod servers whenever DEBUGINFOD_URLS is set.
 */
#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "reader/opener.h"
#include "symbol/debug_file.h"

static const char system_dir[] = "/usr/lib/debug";
static const char debuginfod_library[] = "libdebuginfod.so.1";

/* debuginfod.h comes in a package of its own. So its functions are looked up by name when they are
 * needed. */
struct debuginfod {
	void *library, *client;
	int (*find)(void *client, const unsigned char *build_id, int len, char **path);
	void (*end)(void *client);
};

struct debug_finder {
	const char *dir;
	bool ask; /* ask debuginfod servers; becomes false when a server did not answer */
	struct debuginfod debuginfod;
};

const char *debug_finder__why_no_debuginfod(void)
{
	const char *urls = getenv("DEBUGINFOD_URLS");
	void *library;

	if (!urls || !*urls)
		return "DEBUGINFOD_URLS is not set";
	library = dlopen(debuginfod_library, RTLD_LAZY | RTLD_NODELETE);
	if (!library)
		return "libdebuginfod.so.1 is not installed";
	dlclose(library);
	return NULL;
}

struct debug_finder *debug_finder__new(const char *dir, bool debuginfod)
{
	struct debug_finder *f = calloc(1, sizeof(*f));

	if (!f)
		return NULL;
	f->dir = dir;
	f->ask = debuginfod;
	return f;
}

void debug_finder__free(struct debug_finder *f)
{
	if (!f)
		return;
	if (f->debuginfod.client)
		f->debuginfod.end(f->debuginfod.client);
	if (f->debuginfod.library)
		dlclose(f->debuginfod.library);
	free(f);
}

/* A download can take minutes. Signals that end us are blocked and stay pending meanwhile, so look
 * for them here. */
static int on_progress(void *client, long done, long total)
{
	sigset_t pending;

	(void)client;
	(void)done;
	(void)total;
	sigpending(&pending);
	return sigismember(&pending, SIGINT) || sigismember(&pending, SIGTERM);
}

/* Looks a function up. dlsym() returns a pointer to data, and ISO C has no cast from it to a
 * pointer to a function. */
static bool find_function(void *library, const char *name, void *pointer)
{
	void *found = dlsym(library, name);

	memcpy(pointer, &found, sizeof(found));
	return found;
}

static bool load_debuginfod(struct debuginfod *d)
{
	void (*set_progress)(void *client, int (*fn)(void *client, long done, long total));
	void *(*begin)(void);

	if (d->client)
		return true;
	if (!d->library)
		d->library = dlopen(debuginfod_library, RTLD_LAZY | RTLD_NODELETE);
	if (!d->library || !find_function(d->library, "debuginfod_begin", &begin) ||
	    !find_function(d->library, "debuginfod_end", &d->end) ||
	    !find_function(d->library, "debuginfod_find_debuginfo", &d->find) ||
	    !find_function(d->library, "debuginfod_set_progressfn", &set_progress))
		return false;
	d->client = begin();
	if (d->client)
		set_progress(d->client, on_progress);
	return d->client;
}

static int ask_debuginfod(struct debug_finder *f, const char *build_id)
{
	int fd;

	if (!f->ask || !build_id)
		return -ENOENT;
	f->ask = load_debuginfod(&f->debuginfod);
	if (!f->ask)
		return -ENOENT;
	fd = f->debuginfod.find(f->debuginfod.client, (const unsigned char *)build_id, 0, NULL);
	/* A server that did not answer for one file would keep us waiting as long for the next
	 * file. */
	if (fd < 0 && fd != -ENOENT)
		f->ask = false;
	return fd;
}

/* Where a debug file is looked for. */
struct search {
	const struct debug_query *q;
	const char *root;    /* NULL: this process's own */
	const char *dirs[2]; /* either may be NULL */
	struct opened *out;
};

/* Returns 0 if the file is there and is the one, else -ENOENT. */
static int try(const struct search *s, const char *path, bool by_link)
{
	if (opener__path(s->q->pid, s->root, path, s->out))
		return -ENOENT;
	if (s->q->accepts(s->out, by_link, s->q->data))
		return 0;
	close(s->out->fd);
	s->out->fd = -1;
	return -ENOENT;
}

static int find_by_build_id(const struct search *s, const char *dir)
{
	const char *id = s->q->build_id;
	char path[PATH_MAX];

	if (!dir || !id || strlen(id) < 3 ||
	    snprintf(path, sizeof(path), "%s/.build-id/%.2s/%s.debug", dir, id, id + 2) >=
		    (int)sizeof(path))
		return -ENOENT;
	return try(s, path, false);
}

/* The name comes from a file of strangers, and leads to a file that is opened with all rights: it must
 * be the name of a debug file, and no path. */
static bool is_debug_name(const char *name)
{
	const char *dot = strrchr(name, '.');

	return dot && (!strcmp(dot, ".debug") || !strcmp(dot, ".dbg")) && !strchr(name, '/');
}

/* Finds the file that .gnu_debuglink names: beside the ELF file, in .debug beside it, or below one
 * of the directories. */
static int find_by_link(const struct search *s)
{
	const char *path = s->q->path, *link = s->q->link, *slash = strrchr(path, '/');
	char full[PATH_MAX];
	int err = -ENOENT;

	if (!link || !slash || !is_debug_name(link))
		return -ENOENT;
	for (int i = 0; err && i < 4; i++) {
		const char *dir = i < 2 ? "" : s->dirs[i - 2], *sub = i == 1 ? "/.debug" : "";

		if (dir && snprintf(full, sizeof(full), "%s%.*s%s/%s", dir, (int)(slash - path),
				    path, sub, link) < (int)sizeof(full))
			err = try(s, full, true);
	}
	return err;
}

/* debuginfod keeps its files where this program's user lets it. */
static int find_by_debuginfod(struct debug_finder *f, const struct search *s)
{
	s->out->fd = ask_debuginfod(f, s->q->build_id);
	if (s->out->fd < 0) {
		s->out->fd = -1;
		return -ENOENT;
	}
	if (!fstat(s->out->fd, &s->out->st) && s->q->accepts(s->out, false, s->q->data))
		return 0;
	close(s->out->fd);
	s->out->fd = -1;
	return -ENOENT;
}

int debug_finder__open(struct debug_finder *f, const struct debug_query *q, struct opened *out)
{
	struct search s = {.q = q, .dirs = {f->dir, system_dir}, .out = out};
	int err = -ENOENT;
	char root[32];

	out->fd = -1;
	snprintf(root, sizeof(root), "/proc/%d/root", (int)q->pid);
	for (int i = 0; err && i < 2; i++) {
		s.root = i ? root : NULL;
		err = find_by_build_id(&s, s.dirs[0]);
		if (err)
			err = find_by_build_id(&s, s.dirs[1]);
		if (err)
			err = find_by_link(&s);
	}
	return err ? find_by_debuginfod(f, &s) : 0;
}

/* What follows the last ".dwz/" of "name", if that leads nowhere else. */
static const char *below_dwz(const char *name)
{
	const char *below = NULL;

	for (const char *at = name; at && (at = strstr(at, ".dwz/")); at += strlen(".dwz/"))
		if (at == name || at[-1] == '/')
			below = at + strlen(".dwz/");
	return below && *below && !strstr(below, "..") ? below : NULL;
}

static int find_alt_by_name(const struct search *s, const char *dir)
{
	const char *below = s->q->link ? below_dwz(s->q->link) : NULL;
	char path[PATH_MAX];

	if (!dir || !below ||
	    snprintf(path, sizeof(path), "%s/.dwz/%s", dir, below) >= (int)sizeof(path))
		return -ENOENT;
	return try(s, path, true);
}

int debug_finder__open_alt(struct debug_finder *f, const struct debug_query *q, struct opened *out)
{
	struct search s = {.q = q, .dirs = {f->dir, system_dir}, .out = out};
	int err = -ENOENT;
	char root[32];

	out->fd = -1;
	snprintf(root, sizeof(root), "/proc/%d/root", (int)q->pid);
	for (int i = 0; err && i < 4; i++) {
		s.root = i < 2 ? NULL : root;
		err = find_by_build_id(&s, s.dirs[i % 2]);
		if (err)
			err = find_alt_by_name(&s, s.dirs[i % 2]);
	}
	return err;
}
