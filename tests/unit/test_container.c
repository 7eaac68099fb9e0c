// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Which container and pod a cgroup is of, by the names that engines give: containerd, CRI-O, Docker
 * and Podman, with either driver, and by what is none.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "proc/container.h"

#define ID     "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define OTHER  "fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210"
#define POD    "8d6e3b9c-0f43-4b21-9a0d-2f7f0c5e1a90"
#define POD_   "8d6e3b9c_0f43_4b21_9a0d_2f7f0c5e1a90"
#define HASHED "3fbf1d3a0c8e4f5b9a7d6c5e4f3a2b1c"
#define BURST  "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod"

static void finds(const char *cgroups, const char *pod, const char *id)
{
	struct container c;

	container__find(cgroups, &c);
	assert_string_equal(c.pod, pod);
	assert_string_equal(c.id, id);
}

static void test_pods(void **state)
{
	(void)state;
	finds("0::" BURST POD_ ".slice/cri-containerd-" ID ".scope\n", POD, ID);
	finds("0::" BURST POD_ ".slice/crio-" ID ".scope/container\n", POD, ID);
	finds("0::/kubepods/besteffort/pod" POD "/" ID "\n", POD, ID);
	finds("0::/kubepods/pod" HASHED "/" ID, HASHED, ID);
	finds("0::" BURST POD_ ".slice:cri-containerd:" ID "\n", POD, ID);
	finds("0::" BURST POD_ ".slice\n", POD, "");
	/* Libvirt in the container makes cgroups of its own. */
	finds("0::" BURST POD_ ".slice/cri-containerd-" ID
	      ".scope/machine/qemu-1-vm.libvirt-qemu/libvirt/emulator\n",
	      POD, ID);
}

static void test_engines(void **state)
{
	(void)state;
	finds("0::/system.slice/docker-" ID ".scope\n", "", ID);
	finds("0::/docker/" ID "\n", "", ID);
	finds("0::/machine.slice/libpod-" ID ".scope/container\n", "", ID);
	finds("0::/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-" ID ".scope\n",
	      "", ID);
	/* A node of a cluster that is a container itself. */
	finds("0::/docker/" OTHER "/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-pod" POD_
	      ".slice/cri-containerd-" ID ".scope\n",
	      POD, ID);
}

/* On hosts that have the first version as well, either may have the names. */
static void test_hierarchies(void **state)
{
	(void)state;
	finds("12:devices:/kubepods/pod" POD "/" ID "\n1:name=systemd:/kubepods/pod" POD "/" ID
	      "\n0::/\n",
	      POD, ID);
	finds("13:cpuset:/\n0::/docker/" ID "\n", "", ID);
}

static void test_none(void **state)
{
	(void)state;
	finds("", "", "");
	finds("0::/\n", "", "");
	finds("0::/machine.slice/machine-qemu\\x2d1\\x2dvm1.scope/libvirt/emulator\n", "", "");
	finds("0::/system.slice/podman.service\n", "", "");
	finds("0::/kubepods/podlet\n", "", "");
	finds("0::/kubepods/pod" POD "0\n", "", "");
	finds("0::/kubepods/pod8d6e3b9c-0f43-4b21-9a0d-2f7f0c5e1a9\n", "", "");
	finds("0::/a/pod8d6e3b9c-0f43-4b21-9a0d-2f7f0c5e1a9", "", "");
	finds("0::/x" ID "\n", "", "");
	finds("0::/docker/" ID "0\n", "", "");
	finds("0::/docker/0123456789abcdef\n", "", "");
	finds("0::/machine.slice/libpod-conmon-" ID ".scope\n", "", "");
	finds("0::/a/pod", "", "");
	finds("no cgroups at all", "", "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pods),
		cmocka_unit_test(test_engines),
		cmocka_unit_test(test_hierarchies),
		cmocka_unit_test(test_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
