#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Call chains on another kernel: those of tests/chains that need no debugger.
#
#	chains.sh KERNEL MODE BUILD
#
# Exit status: 0 all passed, 1 one failed, 77 no machine to be had.

# shellcheck source=tests/vm/lib.sh
. "$(dirname "$0")/lib.sh"
takes "KERNEL MODE BUILD" "$@"
kernel=$1 mode=$2
build=$(build_for "$kernel" "$3")
sysroot=$(sysroot_for "$kernel")
[ -d "$build" ] || { echo "SKIP: no $build" && exit 77; }
added=$(add_programs jq) || { echo "$added" && exit 77; }

# In the machine: sh -c "$inside" chains MODE. The tests call "MIGPOP trace …".
# shellcheck disable=SC2016 # expanded in there
inside='
printf "#!/bin/sh\nshift\nexec migpop trace --mode $1 \"\$@\"\n" >/bin/in-mode
chmod +x /bin/in-mode
cd /tests/chains || exit 1
status=0
run() {
	echo "$*"
	"$@" || { echo "FAIL: $* ($?)"; status=1; }
}
for program in ./pie ./static ./plt-pie ./signed; do
	[ -e $program ] || continue # stubs that touch the stack are x86 only, signatures arm64
	run ./expected.sh in-mode $program
done
for kind in two far hanging-deeper; do
	run ./alternate.sh in-mode ./alternate $kind 40000
done
run ./frame_pointers.sh in-mode ./frame-pointers
exit $status
'

# Which libc loads for backtrace(), by which a program measures how deep it is.
set --
for library in "$sysroot"/lib/*-linux-gnu/libgcc_s.so.1; do
	[ ! -e "$library" ] || set -- "$@" --add "$library:${library#"$sysroot"}"
done
for program in pie static plt-pie signed libchains-plt-far.so alternate frame-pointers; do
	[ -e "$build/tests/chains/$program" ] || continue
	set -- "$@" --add "$build/tests/chains/$program:/tests/chains/$program"
done
for script in expected.sh alternate.sh frame_pointers.sh; do
	set -- "$@" --add "$top/tests/chains/$script:/tests/chains/$script"
done
# shellcheck disable=SC2086 # a word each
in_machine --kernel "$kernel" --build "$build" $added "$@" -- sh -c "$inside" chains "$mode"
