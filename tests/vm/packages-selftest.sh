#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Which package carries the kernel of a series: the newest one, whether its image is in linux-image-… or,
# since 6.19, in linux-binary-…; none that is a meta-package, unsigned, or of another series.
set -uo pipefail

# shellcheck source=scripts/packages.sh
. "$(dirname "$0")/../../scripts/packages.sh"
failed=0

names() {
	cat <<'END'
linux-image-6.1.0-50-cloud-amd64
linux-image-6.1.0-57-cloud-amd64
linux-image-6.1.0-57-cloud-amd64-dbg
linux-image-6.1.0-58-cloud-amd64-unsigned
linux-image-6.1.0-59-amd64
linux-image-6.12-cloud-amd64
linux-image-6.12.9+deb12-cloud-amd64
linux-image-6.12.117+deb12-cloud-amd64
linux-binary-7.2.9+deb13-cloud-amd64
linux-image-7.2.13+deb14-cloud-amd64
linux-binary-7.2.13+deb14-cloud-amd64
linux-binary-unsigned-7.2.14+deb14-cloud-amd64
END
}

is() { # SERIES PACKAGE
	local found

	found=$(names | newest_kernel_package "$1")
	if [[ $found == "$2" ]]; then
		echo "ok   $1: ${2:-none}"
	else
		echo "FAIL $1: expected '$2', got '$found'"
		failed=1
	fi
}

is 6.1 linux-image-6.1.0-57-cloud-amd64
is 6.12 linux-image-6.12.117+deb12-cloud-amd64
is 7.2 linux-binary-7.2.13+deb14-cloud-amd64
is 7.3 ''
exit $failed
