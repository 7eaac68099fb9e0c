/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a command line and a program tell of a guest: who it is, and how much memory it has. What
 * they do not tell is not known, and never guessed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "record.h"
#include "vmm/rows.h"
#include "vmm/vmm.h"

/* Of words that are apart by blanks. */
static struct record_target described(const char *exe, const char *cmdline)
{
	struct record_target t;
	char *words = strdup(cmdline), *save = NULL;

	record_target__init(&t);
	t.exe = strdup(exe);
	t.cmdline = calloc(32, sizeof(*t.cmdline));
	for (char *w = strtok_r(words, " ", &save); w; w = strtok_r(NULL, " ", &save))
		t.cmdline[t.nr_cmdline++] = strdup(w);
	free(words);
	assert_int_equal(vmm__describe(&t), 0);
	return t;
}

static void has_ram(const char *cmdline, int64_t bytes)
{
	struct record_target t = described("/usr/bin/qemu-system-x86_64", cmdline);

	if (t.ram_bytes != bytes)
		fail_msg("%s: %lld instead of %lld", cmdline, (long long)t.ram_bytes,
			 (long long)bytes);
	record_target__clear(&t);
}

static void memory_in_all_its_forms(void **state)
{
	const int64_t mib = 1 << 20, gib = 1 << 30;

	(void)state;
	has_ram("q -m 512", 512 * mib);
	has_ram("q --m 512", 512 * mib);
	has_ram("q -m 512M", 512 * mib);
	has_ram("q -m 2g", 2 * gib);
	has_ram("q -m 1.5G", 1536 * mib);
	has_ram("q -m 0x200", 512 * mib);
	has_ram("q -m 1T", 1024 * gib);
	has_ram("q -m 1048576K", gib);
	has_ram("q -m size=300M,slots=2,maxmem=4G", 300 * mib);
	has_ram("q -m 300,slots=2,maxmem=4G", 300 * mib);
	has_ram("q -m slots=2,maxmem=4G,size=1G", gib);
	has_ram("q -m 1G -m slots=2,maxmem=4G", gib);
	has_ram("q -m 1G -m 2G", 2 * gib);
	has_ram("q -machine q35,memory.size=1G", gib);
	has_ram("q -M pc,memory.size=1073741824", gib);
	/* QEMU takes whole pages of 8 KiB */
	has_ram("q -m 1000001B", 1007616);
}

static void memory_of_backends(void **state)
{
	(void)state;
	has_ram("q -object memory-backend-memfd,id=m0,size=256M -machine pc,memory-backend=m0",
		256 << 20);
	has_ram("q -object memory-backend-ram,id=a,size=64M -numa node,memdev=a "
		"-object memory-backend-ram,size=32M,id=b -numa node,nodeid=1,memdev=b",
		96 << 20);
	/* as libvirt writes it, whatever the order of its members, by whichever type */
	has_ram("q -machine pc,memory-backend=m0 -object "
		"{\"qom-type\":\"memory-backend-memfd\",\"id\":\"m0\",\"share\":true,\"size\":"
		"67108864}",
		64 << 20);
	has_ram("q -object "
		"{\"size\":134217728,\"mem-path\":\"/x,y\",\"id\":\"pc.ram\",\"qom-type\":"
		"\"memory-backend-file\",\"prealloc\":true} -M pc -M memory-backend=pc.ram",
		128 << 20);
	has_ram("q -m slots=2,maxmem=1G -machine pc,memory-backend=m0 -object "
		"{\"qom-type\":\"memory-backend-ram\",\"id\":\"m0\",\"size\":67108864}",
		64 << 20);
	has_ram("q -object {\"qom-type\":\"memory-backend-ram\",\"id\":\"a\",\"size\":67108864} "
		"-object {\"qom-type\":\"memory-backend-ram\",\"id\":\"b\",\"size\":33554432} "
		"-numa node,nodeid=0,memdev=a -numa node,nodeid=1,memdev=b",
		96 << 20);
	has_ram("q -object qom-type=memory-backend-epc,id=m0,size=64M -machine memory-backend=m0",
		64 << 20);
	/* of the machine's own backend alone, and what could be plugged in is no part of it */
	has_ram("q -machine pc,memory-backend=m0 -object "
		"{\"qom-type\":\"memory-backend-ram\",\"id\":\"m1\",\"size\":67108864} -object "
		"{\"qom-type\":\"memory-backend-ram\",\"id\":\"m0\",\"size\":33554432}",
		32 << 20);
	has_ram("q -m 128 -object memory-backend-memfd,id=d,size=1G -device pc-dimm,memdev=d",
		128 << 20);
}

static void memory_that_is_not_told(void **state)
{
	(void)state;
	has_ram("q", RECORD_UNKNOWN);
	has_ram("q -m", RECORD_UNKNOWN);
	has_ram("q -m maxmem=4G", RECORD_UNKNOWN);
	has_ram("q -m lots", RECORD_UNKNOWN);
	has_ram("q -m 1X", RECORD_UNKNOWN);
	has_ram("q -m 1GG", RECORD_UNKNOWN);
	has_ram("q -m -5", RECORD_UNKNOWN);
	has_ram("q -m 1e300G", RECORD_UNKNOWN);
	has_ram("q -name -m", RECORD_UNKNOWN);
	has_ram("q -object memory-backend-ram,id=a,size=64M", RECORD_UNKNOWN);
	has_ram("q -machine memory-backend=none -object memory-backend-ram,id=a,size=64M",
		RECORD_UNKNOWN);
}

static void has_uuid(const char *cmdline, const char *uuid)
{
	struct record_target t = described("/usr/libexec/qemu-kvm", cmdline);

	if (uuid)
		assert_string_equal(t.uuid, uuid);
	else
		assert_null(t.uuid);
	record_target__clear(&t);
}

static void uuid_of_the_guest(void **state)
{
	const char *uuid = "8d6e3b9c-0f43-4b21-9a0d-2f7f0c5e1a90";

	(void)state;
	has_uuid("q -uuid 8d6e3b9c-0f43-4b21-9a0d-2f7f0c5e1a90", uuid);
	has_uuid("q -uuid 8D6E3B9C-0F43-4B21-9A0D-2F7F0C5E1A90", uuid);
	has_uuid("q -smbios type=1,serial=x,uuid=8d6e3b9c-0f43-4b21-9a0d-2f7f0c5e1a90", uuid);
	has_uuid("q -smbios type=2,uuid=8d6e3b9c-0f43-4b21-9a0d-2f7f0c5e1a90", NULL);
	has_uuid("q -uuid 8d6e3b9c0f434b219a0d2f7f0c5e1a90", NULL);
	has_uuid("q -uuid 8d6e3b9c-0f43-4b21-9a0d-2f7f0c5e1a9", NULL);
	has_uuid("q -uuid 8d6e3b9c-0f43-4b21-9a0d-2f7f0c5e1a900", NULL);
	has_uuid("q -uuid", NULL);
	has_uuid("q", NULL);
}

static void programs_of_vmms(void **state)
{
	(void)state;
	assert_true(vmm__by_program("/usr/bin/qemu-system-x86_64"));
	assert_true(vmm__by_program("/usr/bin/qemu-system-aarch64 (deleted)"));
	assert_true(vmm__by_program("/usr/libexec/qemu-kvm"));
	assert_true(vmm__by_program("/usr/libexec/qemu-kvm (deleted)"));
	assert_true(vmm__by_program("/usr/bin/kvm"));
	assert_true(vmm__by_program("/nix/store/x/bin/.qemu-system-x86_64-wrapped"));
	assert_true(vmm__by_program("/nix/store/x/bin/.qemu-system-x86_64-wrapped (deleted)"));
	assert_false(vmm__by_program("/usr/bin/qemu-img"));
	assert_false(vmm__by_program("/usr/bin/qemu-system-"));
	assert_false(vmm__by_program("/usr/bin/kvm-spice"));
	assert_false(vmm__by_program("/usr/bin/.kvm"));
	assert_false(vmm__by_program("/opt/qemu-system-x86_64/bash"));
	assert_false(vmm__by_program("/usr/bin/xkvm"));
	assert_false(vmm__by_program(" (deleted)"));
	assert_false(vmm__by_program(""));
	assert_false(vmm__by_program(NULL));
}

static void programs_by_what_they_state(void **state)
{
	(void)state;
	assert_ptr_equal(vmm__by_statement("QEMU emulator version 7.2.22 (Debian 1:7.2)"),
			 &vmm_qemu);
	/* A program that looks for this text states nothing. */
	assert_null(vmm__by_statement("QEMU emulator version "));
	assert_null(vmm__by_statement("qemu-x86_64 version 7.2.22"));
	assert_null(vmm__by_statement(""));
}

/* What the kernel calls processes and threads. A name has 15 bytes there. */
static void names_in_the_kernel(void **state)
{
	static const struct {
		const char *comm;
		enum thread_kind is;
	} threads[] = {
		{"live_migration", THREAD_SENDS_LIVE},
		{"mig/src/main", THREAD_SENDS_LIVE},
		{"bg_snapshot", THREAD_SENDS_SNAPSHOT},
		{"mig/snapshot", THREAD_SENDS_SNAPSHOT},
		{"dump_thread", THREAD_SENDS_DUMP},
		{"postcopy/listen", THREAD_LISTENS},
		{"mig/dst/listen", THREAD_LISTENS},
		{"io-task-worker", THREAD_CONNECTS},
		{"live_migratio", THREAD_UNKNOWN},
		{"live_migrations", THREAD_UNKNOWN},
		{"", THREAD_UNKNOWN},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(threads) / sizeof(*threads); i++)
		assert_int_equal(vmm__thread(&vmm_qemu, threads[i].comm), threads[i].is);
	assert_true(vmm__has_comm("qemu-system-x86"));
	assert_true(vmm__has_comm(".qemu-system-x8"));
	assert_true(vmm__has_comm("kvm"));
	assert_false(vmm__has_comm("kvm-spice"));
	assert_false(vmm__has_comm("xqemu"));
	assert_false(vmm__has_comm(""));
}

/* The kernel's programs have room for so many rows, and for names of that length. */
static void rows_fit_into_the_kernel(void **state)
{
	size_t comms = 0, n = 0;

	(void)state;
	for (; vmm_rows[n]; n++) {
		const struct vmm *vmm = vmm_rows[n];

		assert_int_equal(vmm__number(vmm), n);
		assert_ptr_equal(vmm__by_rules(vmm->rules), vmm);
		assert_ptr_equal(vmm__or_first(vmm), vmm);
		for (const struct vmm_comm *c = vmm->comms; c && c->name; c++, comms++)
			assert_true(*c->name && strlen(c->name) < COMM_SIZE);
		for (const struct vmm_thread *t = vmm->threads; t && t->name; t++)
			assert_true(*t->name && strlen(t->name) < COMM_SIZE);
	}
	assert_true(n && n <= VMM_MAX);
	assert_true(comms <= VMM_COMMS_MAX);
	assert_ptr_equal(vmm__or_first(NULL), vmm_rows[0]);
}

/* What is known of the process comes before the path of its program. */
static void a_vmm_of_another_name(void **state)
{
	struct record_target t = described("/opt/vm-runner", "vm-runner -m 512 -name web");

	(void)state;
	assert_null(t.vmm_name);
	assert_int_equal(t.ram_bytes, RECORD_UNKNOWN);
	assert_null(t.guest);
	assert_null(vmm__of(&t));
	t.vmm_name = strdup("QEMU");
	assert_int_equal(vmm__describe(&t), 0);
	assert_int_equal(t.ram_bytes, 512 << 20);
	assert_string_equal(t.guest, "web");
	assert_ptr_equal(vmm__of(&t), &vmm_qemu);
	record_target__clear(&t);
}

static void has_version(const char *text, const char *version, const char *package)
{
	struct record_target t = described("/usr/bin/qemu-system-x86_64", "q");

	assert_int_equal(vmm__take_version(&t, text), 0);
	assert_string_equal(t.vmm_name, "QEMU");
	assert_true(!t.vmm_version == !version && !t.vmm_package == !package);
	if (version)
		assert_string_equal(t.vmm_version, version);
	if (package)
		assert_string_equal(t.vmm_package, package);
	record_target__clear(&t);
}

static void versions(void **state)
{
	struct record_target other = described("/bin/sh", "sh -m 512 -uuid x");

	(void)state;
	has_version("QEMU emulator version 7.2.22 (Debian 1:7.2+dfsg-7+deb12u18+b3)", "7.2.22",
		    "Debian 1:7.2+dfsg-7+deb12u18+b3");
	has_version("QEMU emulator version 11.1.0", "11.1.0", NULL);
	has_version("QEMU emulator version 10.0.50 (v10.0.0-1-gabc", "10.0.50", NULL);
	has_version("QEMU emulator version %s", NULL, NULL);
	has_version("QEMU emulator", NULL, NULL);
	assert_null(vmm__of(&other));
	assert_null(other.vmm_name);
	assert_true(other.ram_bytes == RECORD_UNKNOWN);
	record_target__clear(&other);
}

static void copies_own_all(void **state)
{
	struct record_target t = described("/usr/bin/kvm", "kvm -m 1G"), copy;

	(void)state;
	t.cgroup = strdup("/a");
	t.uid = 7;
	assert_int_equal(record_target__copy(&copy, &t), 0);
	record_target__clear(&t);
	assert_null(t.cmdline);
	assert_string_equal(copy.vmm_name, "QEMU");
	assert_string_equal(copy.cgroup, "/a");
	assert_string_equal(copy.cmdline[2], "1G");
	assert_int_equal(copy.uid, 7);
	assert_int_equal(copy.ram_bytes, 1 << 30);
	record_target__clear(&copy);
}

static void times_of_the_wall(void **state)
{
	char *text = clock__rfc3339(1796019167123456789);
	uint64_t wall = clock__ns(CLOCK_REALTIME);
	uint64_t same = clock__ns(CLOCK_BOOTTIME) + clock__wall_after_boot_ns();

	(void)state;
	assert_string_equal(text, "2026-11-30T06:12:47.123456Z");
	free(text);
	assert_true(clock__of_rfc3339("2026-11-30T06:12:47.123456789Z") == 1796019167123456789);
	assert_true(clock__of_rfc3339("2026-11-30T06:12:47.5Z") == 1796019167500000000);
	assert_true(clock__of_rfc3339("1970-01-01T00:00:01Z") == 1000000000);
	assert_true(clock__of_rfc3339("yesterday") == 0);
	assert_true(clock__of_rfc3339("2026-11-30T06:12:47") == 0);
	assert_true(clock__of_rfc3339("2026-11-30T06:12:47.1234567891234567891234Z") > 0);
	text = clock__rfc3339(0);
	assert_string_equal(text, "1970-01-01T00:00:00.000000Z");
	free(text);
	/* whatever came between the readings took time */
	assert_true(same + 1000000 > wall);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(memory_in_all_its_forms),
		cmocka_unit_test(memory_of_backends),
		cmocka_unit_test(programs_by_what_they_state),
		cmocka_unit_test(names_in_the_kernel),
		cmocka_unit_test(rows_fit_into_the_kernel),
		cmocka_unit_test(a_vmm_of_another_name),
		cmocka_unit_test(memory_that_is_not_told),
		cmocka_unit_test(uuid_of_the_guest),
		cmocka_unit_test(programs_of_vmms),
		cmocka_unit_test(versions),
		cmocka_unit_test(copies_own_all),
		cmocka_unit_test(times_of_the_wall),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
