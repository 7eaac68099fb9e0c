// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The shapes from a library that the program opens itself: dlopened LIBRARY.
 */
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

int main(int argc, char **argv)
{
	void *library = argc == 2 ? dlopen(argv[1], RTLD_NOW) : NULL;
	void *symbol = library ? dlsym(library, "shapes_main") : NULL;
	int (*run)(void);
	int status;

	if (!symbol) {
		fprintf(stderr, "dlopened: %s\n",
			argc == 2 ? dlerror() : "usage: dlopened LIBRARY");
		return 2;
	}
	memcpy(&run, &symbol, sizeof(run));
	status = run();
	return status;
}
