// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Code that comes while the tracer watches: libraries opened one after another, each of which
 *touches a page every few milliseconds for a while.
 *
 *	late LIBRARY…
 *
 * Prints "library NAME" as each is opened, then "page MILLISECONDS" of each page since then.
 */
#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "chain.h"

enum { PAGES = 60, PAUSE_NS = 5000000 };

typedef void (*victim_fn)(volatile char *page, void (*callback)(size_t));

static double now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec * 1e3 + (double)ts.tv_nsec / 1e6;
}

static SHAPE void watch(victim_fn victim, double opened)
{
	struct timespec pause = {.tv_nsec = PAUSE_NS};
	double at[PAGES];

	for (int i = 0; i < PAGES; i++) {
		at[i] = now_ms() - opened;
		victim(chain__fresh(1), touch);
		nanosleep(&pause, NULL);
	}
	for (int i = 0; i < PAGES; i++)
		printf("page %.1f\n", at[i]);
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		double opened = now_ms();
		void *library = dlopen(argv[i], RTLD_NOW);
		void *symbol = library ? dlsym(library, "victim") : NULL;
		victim_fn victim;

		if (!symbol) {
			fprintf(stderr, "late: %s\n", dlerror());
			return 1;
		}
		memcpy(&victim, &symbol, sizeof(victim));
		printf("library %s\n", argv[i]);
		watch(victim, opened);
	}
	return chain__done();
}
