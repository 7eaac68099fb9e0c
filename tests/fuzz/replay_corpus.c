// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * replay_corpus FOLDER…: hands each file to the fuzz target, as it is and cut off at each of its
 * bytes, without libFuzzer: any compiler and any sanitizer will do.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

enum { INPUT_MAX = 1 << 20 };

/* On the heap and no longer than it is, so that a read beyond its end is found. */
static void run(const uint8_t *data, size_t len)
{
	uint8_t *copy = malloc(len ? len : 1);

	if (!copy)
		abort();
	memcpy(copy, data, len);
	LLVMFuzzerTestOneInput(copy, len);
	free(copy);
}

static int run_file(const char *folder, const char *name)
{
	static uint8_t data[INPUT_MAX];
	char path[4096];
	size_t len;
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	f = fopen(path, "re");
	if (!f) {
		perror(path);
		return 1;
	}
	len = fread(data, 1, sizeof(data), f);
	fclose(f);
	run(data, len);
	for (size_t cut = 0; cut < len; cut += cut < 1024 ? 1 : 61)
		run(data, cut);
	return 0;
}

static int run_folder(const char *folder)
{
	DIR *dir = opendir(folder);
	struct dirent *entry;
	int files = 0;

	if (!dir) {
		perror(folder);
		return 1;
	}
	while ((entry = readdir(dir)))
		if (entry->d_name[0] != '.') {
			if (run_file(folder, entry->d_name))
				return 1;
			files++;
		}
	closedir(dir);
	printf("%s: %d files\n", folder, files);
	return !files;
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		if (run_folder(argv[i]))
			return 1;
	return argc < 2;
}
