// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * main() of a route program: one CPU and no huge pages unless the route wants them, so that counts
 * are exact; then the route, framed by what the checker looks for.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>

#include "route.h"

static void pin_to_first_cpu(void)
{
	cpu_set_t allowed, one;
	int cpu = 0;

	check_call("sched_getaffinity", !sched_getaffinity(0, sizeof(allowed), &allowed));
	while (!CPU_ISSET(cpu, &allowed))
		cpu++;
	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	check_call("sched_setaffinity", !sched_setaffinity(0, sizeof(one), &one));
}

int main(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "--needs-peer"))
		return route.peer ? 0 : 1;
	if (argc == 3 && !strcmp(argv[1], "--peer") && route.peer)
		return peer_main(argv[2], route.peer);

	if (!(route.flags & ROUTE_ANY_CPU))
		pin_to_first_cpu();
	/* A system that makes all of memory huge would change every count. */
	prctl(PR_SET_THP_DISABLE, !(route.flags & ROUTE_THP), 0, 0, 0);
	printf("route %s\n", program_invocation_short_name);
	route.run(argc, argv);
	expect("lost 0");
	puts("done");
	return fflush(stdout) ? 1 : 0;
}
