// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Reads rules from files: those named by the user, those of this machine, and the shipped ones. It
 * must not know what a rule says.
 */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "array.h"
#include "symbol/rules.h"
#include "symbol/rules_internal.h"
#include "vmm/vmm.h"

static void say(char *why, size_t size, const char *path, int err)
{
	snprintf(why, size, "%s: %s", path, strerror(-err));
}

static int rules__add(struct rules *r, const struct rule *rule)
{
	struct rule *more = array__grow(r->v, r->n, sizeof(*more));

	if (!more)
		return -ENOMEM;
	r->v = more;
	r->v[r->n++] = *rule;
	return 0;
}

static int rules__add_line(struct rules *r, const char *line, size_t len, char *why, size_t size)
{
	struct rule rule;
	char *copy;
	int err;

	if (strlen(line) != len) {
		snprintf(why, size, "not text");
		return -EINVAL;
	}
	copy = strdup(line);
	err = copy ? rule__parse(&rule, copy, why, size) : -ENOMEM;
	if (!err && rule.category) {
		err = rules__add(r, &rule);
		if (err)
			rule__clear(&rule);
	}
	return err;
}

static int rules__add_lines(struct rules *r, FILE *f, const char *path, char *why, size_t size)
{
	char *line = NULL, reason[256];
	size_t room = 0, number = 0;
	ssize_t len;
	int err = 0;

	while (!err && (errno = 0, len = getline(&line, &room, f)) >= 0) {
		number++;
		if (len && line[len - 1] == '\n')
			line[--len] = '\0';
		err = rules__add_line(r, line, (size_t)len, reason, sizeof(reason));
	}
	if (err == -EINVAL)
		snprintf(why, size, "%s:%zu: %s", path, number, reason);
	else if (!err && !feof(f))
		err = errno ? -errno : -EIO;
	if (err && err != -EINVAL)
		say(why, size, path, err);
	free(line);
	return err;
}

int rules__add_file(struct rules *r, const char *path, char *why, size_t why_size)
{
	size_t before = r->n;
	FILE *f = fopen(path, "re");
	int err;

	if (!f) {
		err = -errno;
		say(why, why_size, path, err);
		return err;
	}
	err = rules__add_lines(r, f, path, why, why_size);
	while (err && r->n > before)
		rule__clear(&r->v[--r->n]);
	fclose(f);
	return err;
}

static int is_rules(const struct dirent *entry)
{
	const char *dot = strrchr(entry->d_name, '.');

	return entry->d_name[0] != '.' && dot && !strcmp(dot, ".rules");
}

/* strcoll() depends on the locale of whoever runs us, but which rule wins must not. */
static int compare_names(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

/* Adds the files of a directory. If they are the shipped ones, those that a row of src/vmm/ names
 * are for targets of that row. */
static int add_directory(struct rules *r, const char *path, bool shipped, char *why,
			 size_t why_size)
{
	struct dirent **names = NULL;
	char file[PATH_MAX];
	int n = scandir(path, &names, is_rules, compare_names), err = 0;

	if (n < 0) {
		err = -errno;
		say(why, why_size, path, err);
		return err;
	}
	for (int i = 0; i < n; i++) {
		size_t before = r->n;

		if (!err) {
			snprintf(file, sizeof(file), "%s/%s", path, names[i]->d_name);
			err = rules__add_file(r, file, why, why_size);
		}
		for (size_t k = before; shipped && k < r->n; k++)
			r->v[k].vmm = vmm__by_rules(names[i]->d_name);
		free(names[i]);
	}
	free(names);
	return err;
}

int rules__add_directory(struct rules *r, const char *path, char *why, size_t why_size)
{
	return add_directory(r, path, false, why, why_size);
}

/* A build tree has its rules beside the program. They come before the installed ones, so that a new
 * build does not use the rules of an old installation. */
static const char *shipped_directory(char *path, size_t size)
{
	const char *named = getenv("MIGPOP_RULES_DIR");
	ssize_t len;
	char *slash;

	if (named && *named)
		return named;
	len = readlink("/proc/self/exe", path, size - 1);
	if (len > 0) {
		path[len] = '\0';
		slash = strrchr(path, '/');
		snprintf(slash, size - (size_t)(slash - path), "/rules");
		if (!access(path, R_OK | X_OK))
			return path;
	}
	return MIGPOP_RULES_DIR;
}

static int rules__add_shipped(struct rules *r, char *why, size_t why_size)
{
	char path[PATH_MAX];
	const char *directory = shipped_directory(path, sizeof(path));
	size_t before = r->n;
	int err = add_directory(r, directory, true, why, why_size);

	if ((!err && r->n == before) || err == -ENOENT) {
		snprintf(why, why_size,
			 "no rules in %s: install migpop again, or say by MIGPOP_RULES_DIR "
			 "where its rules are",
			 directory);
		err = -ENODATA;
	}
	return err;
}

int rules__open(struct rules **out, const char *const *files, size_t nr_files, char *why,
		size_t why_size)
{
	struct rules *r = rules__new();
	int err = 0;

	*out = NULL;
	if (!r) {
		snprintf(why, why_size, "%s", strerror(ENOMEM));
		return -ENOMEM;
	}
	for (size_t i = 0; !err && i < nr_files; i++)
		err = rules__add_file(r, files[i], why, why_size);
	if (!err) {
		err = rules__add_directory(r, MIGPOP_MACHINE_RULES_DIR, why, why_size);
		if (err == -ENOENT)
			err = 0;
	}
	if (!err)
		err = rules__add_shipped(r, why, why_size);
	if (err) {
		rules__free(r);
		return err;
	}
	*out = r;
	return 0;
}
