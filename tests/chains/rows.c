// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Rows of an ELF file that cover given PCs, for record_stack.py.
 *
 *	rows FILE PC…		PCs in hex, from the file's lowest loaded address
 *
 * Prints "PC RULE" of the row of each and of the one after it, in hex.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>

#include "shared/row.h"
#include "symbol/cfi.h"

int main(int argc, char **argv)
{
	int fd = argc > 1 ? open(argv[1], O_RDONLY | O_CLOEXEC) : -1;
	struct cfi_table table;
	int err;

	if (fd < 0) {
		fputs("usage: rows FILE PC...\n", stderr);
		return 2;
	}
	err = cfi__read(fd, &table);
	if (err) {
		fprintf(stderr, "rows: %s: error %d\n", argv[1], err);
		return 1;
	}
	for (int i = 2; i < argc; i++) {
		unsigned long pc = strtoul(argv[i], NULL, 16);
		size_t low = 0, high = table.n;

		while (high - low > 1) {
			size_t middle = low + (high - low) / 2;

			if (table.rows[middle].pc <= pc)
				low = middle;
			else
				high = middle;
		}
		for (size_t row = low; row < low + 2 && row < table.n; row++)
			printf("%x %x\n", table.rows[row].pc, table.rows[row].rule);
	}
	cfi__free(&table);
	return 0;
}
