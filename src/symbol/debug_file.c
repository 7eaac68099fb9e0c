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

#include "symbol/debug_file.h"
#include "symbol/elf_file.h"

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

static int try(const struct debug_query *q, const char *root, const char *path, bool by_link)
{
	int fd = elf_file__open(root, path);

	if (fd >= 0 && !q->accepts(fd, by_link, q->data)) {
		close(fd);
		fd = -ENOENT;
	}
	return fd < 0 ? -ENOENT : fd;
}

static int find_by_build_id(const struct debug_query *q, const char *root, const char *dir)
{
	const char *id = q->build_id;
	char path[PATH_MAX];

	if (!dir || !id || strlen(id) < 3 ||
	    snprintf(path, sizeof(path), "%s/.build-id/%.2s/%s.debug", dir, id, id + 2) >=
		    (int)sizeof(path))
		return -ENOENT;
	return try(q, root, path, false);
}

/* Finds the file that .gnu_debuglink names: beside the ELF file, in .debug beside it, or below one
 * of the directories. */
static int find_by_link(const struct debug_query *q, const char *root, const char *const dirs[2])
{
	const char *slash = strrchr(q->path, '/');
	char full[PATH_MAX];
	int fd = -ENOENT;

	if (!q->link || !slash || strchr(q->link, '/'))
		return -ENOENT;
	for (int i = 0; fd < 0 && i < 4; i++) {
		const char *dir = i < 2 ? "" : dirs[i - 2], *sub = i == 1 ? "/.debug" : "";

		if (!dir || snprintf(full, sizeof(full), "%s%.*s%s/%s", dir, (int)(slash - q->path),
				     q->path, sub, q->link) >= (int)sizeof(full))
			continue;
		fd = try(q, root, full, true);
	}
	return fd;
}

static int find_by_debuginfod(struct debug_finder *f, const struct debug_query *q)
{
	int fd = ask_debuginfod(f, q->build_id);

	if (fd >= 0 && q->accepts(fd, false, q->data))
		return fd;
	if (fd >= 0)
		close(fd);
	return -ENOENT;
}

int debug_finder__open(struct debug_finder *f, const struct debug_query *q)
{
	const char *const dirs[2] = {f->dir, system_dir};
	char root[32];
	int fd = -ENOENT;

	snprintf(root, sizeof(root), "/proc/%d/root", (int)q->pid);
	for (int i = 0; fd < 0 && i < 2; i++) {
		const char *in = i ? root : NULL;

		for (int at = 0; fd < 0 && at < 2; at++)
			fd = find_by_build_id(q, in, dirs[at]);
		if (fd < 0)
			fd = find_by_link(q, in, dirs);
	}
	return fd < 0 ? find_by_debuginfod(f, q) : fd;
}
