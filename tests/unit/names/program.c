// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A process to be looked at: says "NAME NUMBER" for code of the library that its first argument
 * names, else for its own, and ends with its input. An "u" there unloads the library.
 */
#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/auxv.h>
#include <sys/mman.h>

#include "code.h"

static void say(const char *name, const void *address)
{
	printf("%s %#lx\n", name, (unsigned long)(uintptr_t)address);
}

static void say_code(const struct code *c)
{
	say("exported", c->exported);
	say("first", c->first);
	say("second", c->second);
	say("after", c->after);
	say("cold", c->cold);
	say("inlined", c->inlined);
	for (int i = 0; i < 3; i++)
		printf("line%d %d\n", i, c->lines[i]);
}

static void say_end(void)
{
	puts("end 0");
	fflush(stdout);
}

int main(int argc, char **argv)
{
	void *library = argc > 1 ? dlopen(argv[1], RTLD_NOW) : NULL;
	struct code (*of_library)(void) = NULL;
	struct code c;

	if (library)
		*(void **)&of_library = dlsym(library, "code");
	if (argc > 1 && !of_library) {
		fprintf(stderr, "%s\n", dlerror());
		return 1;
	}
	c = of_library ? of_library() : code();
	say_code(&c);
	say("vdso", (const void *)getauxval(AT_SYSINFO_EHDR));
	say("jit", mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
	say_end();
	for (int in; (in = getchar()) != EOF;) {
		if (in != 'u')
			continue;
		dlclose(library);
		say_end();
	}
	return 0;
}
