/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads and converts times since boot and wall-clock times.
 */
#include "clock.h"

#include <stdio.h>
#include <string.h>

enum { NS_PER_US = 1000, NS_PER_MS = 1000000, NS_PER_S = 1000000000 };

uint64_t clock__ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

uint64_t clock__ms(void)
{
	return clock__ns(CLOCK_MONOTONIC) / NS_PER_MS;
}

uint64_t clock__wall_after_boot_ns(void)
{
	uint64_t shortest = UINT64_MAX, between = 0;

	/* Two clocks cannot be read at the same instant: use the attempt that took the shortest
	 * time. */
	for (int i = 0; i < 10; i++) {
		uint64_t before = clock__ns(CLOCK_BOOTTIME), wall = clock__ns(CLOCK_REALTIME);
		uint64_t took = clock__ns(CLOCK_BOOTTIME) - before;

		if (took < shortest) {
			shortest = took;
			between = wall - before - took / 2;
		}
	}
	return between;
}

char *clock__rfc3339(uint64_t wall_ns)
{
	time_t seconds = (time_t)(wall_ns / NS_PER_S);
	char text[64], fraction[16];
	struct tm utc;

	if (!gmtime_r(&seconds, &utc) || !strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &utc))
		return NULL;
	snprintf(fraction, sizeof(fraction), ".%06uZ",
		 (unsigned int)(wall_ns % NS_PER_S / NS_PER_US));
	strcat(text, fraction);
	return strdup(text);
}

uint64_t clock__of_rfc3339(const char *text)
{
	struct tm utc = {0};
	const char *rest = strptime(text, "%Y-%m-%dT%H:%M:%S", &utc);
	uint64_t ns = 0, digit = NS_PER_S / 10;
	time_t seconds;

	if (!rest)
		return 0;
	if (*rest == '.')
		for (rest++; *rest >= '0' && *rest <= '9'; rest++, digit /= 10)
			ns += (uint64_t)(*rest - '0') * digit;
	seconds = timegm(&utc);
	return strcmp(rest, "Z") || seconds < 0 ? 0 : (uint64_t)seconds * NS_PER_S + ns;
}
