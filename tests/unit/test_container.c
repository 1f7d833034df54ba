/*
 * test_container.c - which container a control group is, of each runtime and each driver of groups
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "source/proc/container.h"

#define ID   "4f9a1be0c3d27788aa0912345678900011223344556677889900aabbccddeeff"
#define ID2  "00000000c3d27788aa0912345678900011223344556677889900aabbccddeeff"
#define UID  "8a6b2c1d-0e4f-4a5b-9c7d-112233445566"
#define UID_ "8a6b2c1d_0e4f_4a5b_9c7d_112233445566"

static void names_of_each_runtime(void **state)
{
	static const struct {
		const char *text, *id, *pod;
	} cases[] = {
		{"0::/system.slice/docker-" ID ".scope\n", ID, ""},
		{"0::/docker/" ID "\n", ID, ""},
		{"0::/../docker-" ID ".scope", ID, ""},
		{"12:memory:/docker/" ID "\n1:name=systemd:/docker/" ID "\n", ID, ""},
		{"0::/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod" UID_
		 ".slice/cri-containerd-" ID ".scope\n",
		 ID, UID},
		{"0::/kubepods.slice/kubepods-pod" UID_ ".slice/crio-" ID ".scope\n", ID, UID},
		{"0::/kubepods/besteffort/pod" UID "/" ID "\n", ID, UID},
		{"0::/machine.slice/libpod-" ID ".scope/container\n", ID, ""},
		/* A container in a container: the inner one. */
		{"0::/docker/" ID2 "/docker/" ID "\n", ID, ""},
		{"0::/system.slice/docker-" ID2 ".scope/kubepods/pod" UID "/" ID, ID, UID},
		/* None, or none without doubt. */
		{"", "", ""},
		{"nonsense", "", ""},
		{"0::/\n", "", ""},
		{"0::/" ID "\n", "", ""},
		{"0::/user.slice/user-1000.slice/session-1.scope\n", "", ""},
		{"0::/docker/" ID "0\n", "", ""},
		{"0::/docker/4f9a1be0\n", "", ""},
		{"0::/docker-" ID ".slice\n", "", ""},
		{"0::/docker-" ID ".s\n", "", ""},
		{"0::/docker-" ID ".scope.d\n", "", ""},
		{"0::/x-docker-" ID ".scope\n", "", ""},
		{"0::/docker-", "", ""},
		{"0::/pod" UID "0\n", "", ""},
		{"0::/podx" UID "\n", "", ""},
		{"0::/kubepods-pod" UID_ "\n", "", UID},
		{"0::/kubepods-pod8a6b2c1d\n", "", ""},
		{"0:", "", ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct nm_container found;

		nm_container_parse(cases[i].text, &found);
		assert_string_equal(found.id, cases[i].id);
		assert_string_equal(found.pod, cases[i].pod);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_of_each_runtime),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
