/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * RAM blocks from command lines and mappings, in each form that QEMU 7.2, 10.0 and 11.1 were seen
 * to have them. One row a case; addresses and inodes are shortened.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "record.h"
#include "vmm/qemu_memory.h"
#include "vmm/qemu_option.h"
#include "vmm/qemu_options.h"

/* Mappings: 32 MiB each, one below the other with a guard page between them. */
#define AT_A  "7fd039fff000-7fd03bfff000 rw-s 00000000 00:01 71 "
#define AT_B  "7fd037ffe000-7fd039ffe000 rw-s 00000000 00:01 72 "
#define AT_C  "7fd035ffd000-7fd037ffd000 rw-s 00000000 00:01 73 "
#define STACK "\n7ffd00000000-7ffd00021000 rw-p 00000000 00:00 0 [stack]\n"
#define MEMFD "/memfd:memory-backend-memfd (deleted)"
#define NONE                                                                                       \
	{                                                                                          \
		{                                                                                  \
			"", 0, 0                                                                   \
		}                                                                                  \
	}
#define JSON(type, id, more)                                                                       \
	"{\"qom-type\":\"memory-backend-" type "\",\"id\":\"" id "\",\"size\":33554432" more "}"

static const struct {
	const char *what;
	const char *cmdline[12];
	const char *maps;        /* without the stack */
	const char *descriptors; /* inode:fd */
	const char *blocks;      /* "inode=id pages", by inode, where there is none by address */
	struct ram_told told[3]; /* by the monitor */
} cases[] = {
	{"one of a kind, as key=value",
	 {"-object", "memory-backend-memfd,id=a,size=32M"},
	 AT_A MEMFD,
	 "",
	 "71=a 8192",
	 NONE},
	{"two alike, in the order of descriptors",
	 {"-object", "memory-backend-memfd,id=a,size=32M,share=on", "-object",
	  "memory-backend-memfd,size=32M,id=b"},
	 AT_B MEMFD "\n" AT_A MEMFD,
	 "71:9 72:11",
	 "71=a 8192, 72=b 8192",
	 NONE},
	{"two alike whose descriptors are the other way around: not known",
	 {"-object", "memory-backend-memfd,id=a,size=32M", "-object",
	  "memory-backend-memfd,id=b,size=32M"},
	 AT_B MEMFD "\n" AT_A MEMFD,
	 "71:11 72:9",
	 "71=memory-backend-memfd 8192, 72=memory-backend-memfd 8192",
	 NONE},
	{"descriptors that may not be looked at: by neighbourhood",
	 {"-object", "memory-backend-memfd,id=a,size=32M", "-object",
	  "memory-backend-memfd,id=b,size=32M"},
	 AT_B MEMFD "\n" AT_A MEMFD,
	 "",
	 "71=a 8192, 72=b 8192",
	 NONE},
	{"neither descriptors nor neighbourhood: not known",
	 {"-object", "memory-backend-memfd,id=a,size=32M", "-object",
	  "memory-backend-memfd,id=b,size=32M"},
	 "7fd015ffd000-7fd017ffd000 rw-s 00000000 00:01 72 " MEMFD "\n" AT_A MEMFD,
	 "",
	 "71=memory-backend-memfd 8192, 72=memory-backend-memfd 8192",
	 NONE},
	{"mapped upwards, as without a limit of the stack: not known",
	 {"-object", "memory-backend-memfd,id=a,size=32M", "-object",
	  "memory-backend-memfd,id=b,size=32M"},
	 "2aaa00000000-2aaa02000000 rw-s 00000000 00:01 71 " MEMFD
	 "\n2aaa02001000-2aaa04001000 rw-s 00000000 00:01 72 " MEMFD,
	 "71:9 72:11",
	 "71=memory-backend-memfd 8192, 72=memory-backend-memfd 8192",
	 NONE},
	{"JSON, as libvirt",
	 {"-object", JSON("memfd", "a", ",\"share\":true"), "-object", JSON("memfd", "b", "")},
	 AT_B MEMFD "\n" AT_A MEMFD,
	 "71:9 72:11",
	 "71=a 8192, 72=b 8192",
	 NONE},
	{"qom-type=, and two dashes",
	 {"--object", "qom-type=memory-backend-memfd,id=a,size=32M"},
	 AT_A MEMFD,
	 "",
	 "71=a 8192",
	 NONE},
	{"different lengths need no order, and are in any unit",
	 {"-object", "memory-backend-memfd,id=a,size=33554432", "-object",
	  "memory-backend-memfd,id=b,size=0x4000K"},
	 "7fd015ffd000-7fd016ffd000 rw-s 00000000 00:01 72 " MEMFD "\n" AT_A MEMFD,
	 "",
	 "71=a 8192, 72=b 4096",
	 NONE},
	{"nodes of the guest",
	 {"-object", "memory-backend-memfd,id=a,size=32M", "-object",
	  "memory-backend-memfd,id=b,size=32M", "-numa", "node,nodeid=3,cpus=0,memdev=b", "-numa",
	  "node,memdev=a"},
	 AT_B MEMFD "\n" AT_A MEMFD,
	 "71:9 72:11",
	 "71=a 8192 node 4, 72=b 8192 node 3",
	 NONE},
	{"a block that is mapped in pieces",
	 {"-object", "memory-backend-memfd,id=a,size=32M"},
	 "7fd039fff000-7fd03a000000 rw-s 00000000 00:01 71 " MEMFD
	 "\n7fd03a000000-7fd03bfff000 rw-s 00001000 00:01 71 " MEMFD,
	 "",
	 "71=a 8192",
	 NONE},
	{"a file by its path, and in a directory",
	 {"-object", "memory-backend-file,id=a,size=32M,mem-path=/dev/shm/x,,y,share=on", "-object",
	  JSON("file", "b", ",\"mem-path\":\"/dev/shm\"")},
	 AT_A "/dev/shm/x,y\n" AT_B "/dev/shm/qemu_back_mem.b.1EWLmi (deleted)",
	 "",
	 "71=a 8192, 72=b 8192",
	 NONE},
	{"a file that was removed, and one of the same name elsewhere",
	 {"-object", "memory-backend-file,id=a,size=32M,mem-path=/b/ram", "-object",
	  "memory-backend-file,id=b,size=32M,mem-path=/a/ram"},
	 AT_A "/a/ram (deleted)\n" AT_B "/b/ram",
	 "",
	 "71=b 8192, 72=a 8192",
	 NONE},
	{"the path of a file in a chroot",
	 {"-object", "memory-backend-file,id=a,size=32M,mem-path=/dev/shm/ram"},
	 AT_A "/srv/root/dev/shm/ram",
	 "",
	 "71=a 8192",
	 NONE},
	{"ram, private: anonymous memory",
	 {"-object", "memory-backend-ram,id=a,size=32M"},
	 "7fd039fff000-7fd03bfff000 rw-p 00000000 00:00 0 ",
	 "",
	 "0x7fd039fff000=a 8192",
	 NONE},
	{"two of ram, one below the other",
	 {"-object", "memory-backend-ram,id=a,size=32M", "-object",
	  "memory-backend-ram,id=b,size=32M"},
	 "7fd037ffe000-7fd039ffe000 rw-p 00000000 00:00 0 \n"
	 "7fd039fff000-7fd03bfff000 rw-p 00000000 00:00 0 ",
	 "",
	 "0x7fd037ffe000=b 8192, 0x7fd039fff000=a 8192",
	 NONE},
	{"two of ram, and other memory of that length: nothing is known",
	 {"-object", "memory-backend-ram,id=a,size=32M", "-object",
	  "memory-backend-ram,id=b,size=32M"},
	 "7fd035ffd000-7fd037ffd000 rw-p 00000000 00:00 0 \n"
	 "7fd037ffe000-7fd039ffe000 rw-p 00000000 00:00 0 \n"
	 "7fd039fff000-7fd03bfff000 rw-p 00000000 00:00 0 ",
	 "",
	 "",
	 NONE},
	{"ram, shared: up to 9 it is /dev/zero, since 10 a memfd that is named",
	 {"-object", "memory-backend-ram,id=a,size=32M,share=on", "-object",
	  "memory-backend-ram,id=b,size=32M,share=on"},
	 AT_A "/dev/zero (deleted)\n" AT_B "/memfd:b (deleted)",
	 "",
	 "71=a 8192, 72=b 8192",
	 NONE},
	{"shm, numbered",
	 {"-object", "memory-backend-shm,id=a,size=32M", "-object",
	  "memory-backend-shm,id=b,size=32M"},
	 AT_A "/dev/shm/qemu-97-shm-1 (deleted)\n" AT_B "/dev/shm/qemu-97-shm-0 (deleted)",
	 "",
	 "71=b 8192, 72=a 8192",
	 NONE},
	{"epc",
	 {"-object", "memory-backend-epc,id=a,size=32M"},
	 AT_A "/dev/sgx_vepc",
	 "",
	 "71=a 8192",
	 NONE},
	{"plugged in later, of the same length",
	 {"-object", "memory-backend-memfd,id=a,size=32M"},
	 AT_B MEMFD "\n" AT_A MEMFD,
	 "71:9 72:31",
	 "71=a 8192, 72=memory-backend-memfd 8192",
	 NONE},
	{"plugged in later, of another length, and one that its file names",
	 {"-object", "memory-backend-memfd,id=a,size=64M"},
	 AT_A MEMFD "\n" AT_B "/dev/shm/qemu_back_mem._objects_dimm1.x7Q2aa (deleted)",
	 "",
	 "71=memory-backend-memfd 8192, 72=dimm1 8192",
	 NONE},
	{"plugged in later, and told by a monitor",
	 {"-object", "memory-backend-memfd,id=a,size=32M"},
	 AT_B MEMFD "\n" AT_A MEMFD,
	 "71:9 72:31",
	 "71=a 8192, 72=dimm1 8192",
	 {{"dimm1", 32 << 20, 0}, {"a", 32 << 20, 0}}},
	{"two plugged in later, told without addresses: not known which",
	 {"-S"},
	 AT_B MEMFD "\n" AT_A MEMFD,
	 "71:9 72:31",
	 "71=memory-backend-memfd 8192, 72=memory-backend-memfd 8192",
	 {{"dimm1", 32 << 20, 0}, {"dimm2", 32 << 20, 0}}},
	{"two plugged in later, told with addresses, and RAM without a backend",
	 {"-S"},
	 "7fd00a000000-7fd00c000000 rw-p 00000000 00:00 0 \n" AT_B MEMFD "\n" AT_A MEMFD,
	 "",
	 "0x7fd00a000000=pc.ram 8192, 71=dimm2 8192, 72=dimm1 8192",
	 {{"dimm1", 32 << 20, 0x7fd037ffe000},
	  {"dimm2", 32 << 20, 0x7fd039fff000},
	  {"pc.ram", 32 << 20, 0x7fd00a000000}}},
	{"an address goes before the order",
	 {"-object", "memory-backend-memfd,id=a,size=32M", "-object",
	  "memory-backend-memfd,id=b,size=32M", "-numa", "node,memdev=a"},
	 AT_B MEMFD "\n" AT_A MEMFD,
	 "71:9 72:11",
	 "71=b 8192, 72=a 8192 node 0",
	 {{"a", 32 << 20, 0x7fd037ffe000}, {"b", 32 << 20, 0x7fd039fff000}}},
	{"one of two is gone: not known which",
	 {"-object", "memory-backend-memfd,id=a,size=32M", "-object",
	  "memory-backend-memfd,id=b,size=32M"},
	 AT_B MEMFD,
	 "72:9",
	 "72=memory-backend-memfd 8192",
	 NONE},
	{"what is no memory",
	 {"-object", "iothread,id=io", "-object", "memory-backend-memfd,id=a", "-object",
	  "{\"qom-type\":", "-object"},
	 AT_A "/memfd:other (deleted)",
	 "",
	 "",
	 NONE},
};

static int compare_blocks(const void *a, const void *b)
{
	const struct ram_block *x = a, *y = b;

	return x->inode != y->inode ? (x->inode > y->inode) - (x->inode < y->inode)
				    : (x->start > y->start) - (x->start < y->start);
}

static struct record_target target_of(const char *const *words, size_t max)
{
	struct record_target t = {.cmdline = (char **)words};

	while (t.nr_cmdline < max && words[t.nr_cmdline])
		t.nr_cmdline++;
	return t;
}

static void blocks_are_told(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct record_target t = target_of(cases[i].cmdline, 12);
		struct ram_descriptor descriptors[4];
		struct ram_evidence evidence = {0};
		struct ram_blocks b;
		char maps[1024], said[512] = "", *at = said;
		size_t n = 0;
		int len;

		for (const char *d = cases[i].descriptors; *d; d += len, n++) {
			descriptors[n].dev = 1;
			assert_int_equal(sscanf(d, "%" SCNu64 ":%d %n", &descriptors[n].inode,
						&descriptors[n].fd, &len),
					 2);
		}
		snprintf(maps, sizeof(maps), "%s%s", cases[i].maps, STACK);
		evidence.maps = maps;
		evidence.descriptors = descriptors;
		evidence.nr_descriptors = n;
		for (n = 0; n < 3 && cases[i].told[n].bytes; n++)
			;
		evidence.told = cases[i].told;
		evidence.nr_told = n;
		assert_int_equal(qemu_memory__match(&b, &t, &evidence), 0);
		if (b.n)
			qsort(b.v, b.n, sizeof(*b.v), compare_blocks);
		for (size_t k = 0; k < b.n; k++) {
			const struct ram_block *v = &b.v[k];

			at += v->inode ? sprintf(at, "%s%d", k ? ", " : "", (int)v->inode)
				       : sprintf(at, "%s%#llx", k ? ", " : "",
						 (unsigned long long)v->start);
			at += sprintf(at, "=%s %d", v->id, (int)v->length_pages);
			if (v->numa_node >= 0)
				at += sprintf(at, " node %d", v->numa_node);
			assert_ptr_equal(ram_blocks__find(&b, v->dev, v->inode, v->start), v);
		}
		if (strcmp(said, cases[i].blocks))
			fail_msg("%s: %s, not %s", cases[i].what, said, cases[i].blocks);
		assert_null(ram_blocks__find(&b, 1, 99, 0));
		ram_blocks__free(&b);
	}
}

static const struct {
	const char *argument, *key;
	bool implied;
	const char *value; /* NULL: none */
} values[] = {
	{"guest=web,,prod,debug-threads=on", "guest", true, "web,prod"},
	{"web,,prod,debug-threads=on", "guest", true, "web,prod"},
	{"web", "guest", true, "web"},
	{"debug-threads=on,guest=a", "guest", true, "a"},
	{"a,,,,b,process=qemu", "guest", true, "a,,b"},
	{"web,guest=last", "guest", true, "last"},
	{"debug-threads=on", "guest", true, NULL},
	{"x,id=a", "i", false, NULL},
	{"x,myid=b,id=a", "id", false, "a"},
	{"x,path=/a=b,id=c", "path", false, "/a=b"},
	{"x,path=,id=c", "path", false, ""},
	{"{\"id\":\"a,b\",\"size\":1073741824,\"share\":true}", "id", false, "a,b"},
	{"{\"id\":\"a\",\"size\":1073741824,\"share\":true}", "size", false, "1073741824"},
	{"{\"id\":\"a\",\"size\":1073741824,\"share\":true}", "share", false, "true"},
	{"{\"id\":[1,2]}", "id", false, NULL},
	{"{\"id\":", "id", false, NULL},
	{"", "id", true, NULL},
};

static void values_are_found(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(values) / sizeof(*values); i++) {
		char out[64] = "none";
		bool found = qemu_option__value(values[i].argument, values[i].key,
						values[i].implied, out, sizeof(out));

		if (found != !!values[i].value ||
		    strcmp(out, values[i].value ? values[i].value : "none"))
			fail_msg("%s of %s: %s", values[i].key, values[i].argument, out);
	}
}

static void names_may_have_commas(void **state)
{
	const char *const words[] = {"qemu", "-S", "-name", "guest=web,,prod,debug-threads=on"};
	struct record_target t = target_of(words, 4);

	(void)state;
	assert_int_equal(qemu_options__describe(&t), 0);
	assert_string_equal(t.guest, "web,prod");
	free(t.guest);
	t.guest = NULL;
	t.nr_cmdline = 3;
	assert_int_equal(qemu_options__describe(&t), 0);
	assert_null(t.guest);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(blocks_are_told),
		cmocka_unit_test(values_are_found),
		cmocka_unit_test(names_may_have_commas),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
