// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * shoot PID: sends SIGSEGV to each reader that process PID starts, as soon as it is there, until PID
 * has ended and was waited for. Prints how many there were.
 */
#include <dirent.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static size_t read_file(const char *path, char *to, size_t size)
{
	FILE *f = fopen(path, "r");
	size_t n = f ? fread(to, 1, size - 1, f) : 0;

	to[n] = '\0';
	if (f)
		fclose(f);
	return n;
}

static bool is_reader(long pid)
{
	static const char reader[] = "migpop\0reader";
	char path[64], cmdline[64];

	snprintf(path, sizeof(path), "/proc/%ld/cmdline", pid);
	return read_file(path, cmdline, sizeof(cmdline)) == sizeof(reader) &&
	       !memcmp(cmdline, reader, sizeof(reader));
}

/* Shoots the children of one thread that are readers, but each only once. */
static unsigned int shoot(const char *children, long *last)
{
	unsigned int shots = 0;
	char list[4096], *at = list, *end;

	read_file(children, list, sizeof(list));
	for (long pid; (pid = strtol(at, &end, 10)) > 0; at = end)
		if (pid > *last && is_reader(pid) && !kill((pid_t)pid, SIGSEGV)) {
			*last = pid;
			shots++;
		}
	return shots;
}

int main(int argc, char **argv)
{
	pid_t tracer = argc == 2 ? atoi(argv[1]) : 0;
	unsigned int shots = 0;
	char tasks[64], path[512];
	long last = 0;
	DIR *dir;

	snprintf(tasks, sizeof(tasks), "/proc/%d/task", (int)tracer);
	while (tracer > 0 && (dir = opendir(tasks))) {
		for (struct dirent *e; (e = readdir(dir));) {
			snprintf(path, sizeof(path), "%s/%s/children", tasks, e->d_name);
			shots += shoot(path, &last);
		}
		closedir(dir);
		usleep(200);
	}
	printf("%u\n", shots);
	return 0;
}
