// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A reader is the program that needs it, started again: a unit test that reads ELF files is one,
 * too.
 */
#include <stdlib.h>
#include <string.h>

#include "reader/opener.h"
#include "reader/protocol.h"
#include "reader/server.h"

/* glibc gives constructors the arguments of main(). */
__attribute__((constructor)) static void be_reader(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], READER_MODE))
		exit(reader__serve());
	if (argc == 2 && !strcmp(argv[1], OPENER_MODE))
		exit(opener__serve());
}
