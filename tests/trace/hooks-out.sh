#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Takes out one hook after another and runs every route: each route must fail without at least one
# of them, or it shows nothing. Prints, for each hook, the routes that need it.
#
#	hooks-out.sh MIGPOP MODE DIR     DIR: where the build left routes and without_hook.so
#
# Exit status: 0 each route failed once, 1 some did not or could not run.

[ $# -eq 3 ] || { echo "usage: $0 MIGPOP MODE DIR" >&2 && exit 2; }
migpop=$1 mode=$2 dir=$3
hooks='mm_page_alloc mm_page_free mm_filemap_delete mm_filemap_add block_bio_queue sys_exit sys_enter'
case $mode in
tracepoint) own='tracepoint__page_fault_user tracepoint__page_fault_kernel' ;;
*) own="${mode}__handle_mm_fault ${mode}__handle_mm_fault_end" ;;
esac
for hook in $hooks; do
	own="$own common__$hook"
done
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
export TMPDIR="${TMPDIR:-/var/tmp}"

# What the runner starts is migpop with the hook taken out.
cat >"$work/migpop" <<SCRIPT
#!/bin/sh
LD_PRELOAD='$dir/without_hook.so' exec '$migpop' "\$@"
SCRIPT
chmod +x "$work/migpop"

routes=''
for route in "$dir"/*; do
	case $route in *.sh | *.so | *.a | */trace-check) continue ;; esac
	[ -f "$route" ] && [ -x "$route" ] && routes="$routes ${route##*/}"
done
[ "$routes" ] || { echo "no routes in $dir" >&2 && exit 1; }

# A route that does not pass with all hooks cannot show that it needs one.
: >"$work/usable"
for route in $routes; do
	sh "$dir/run-route.sh" "$migpop" "$mode" "$dir/$route" >"$work/out" 2>&1 && echo "$route" >>"$work/usable"
done

: >"$work/failed"
for hook in $own; do
	printf '%s:' "$hook"
	while read -r route; do
		WITHOUT_HOOK=$hook sh "$dir/run-route.sh" "$work/migpop" "$mode" "$dir/$route" >"$work/out" 2>&1 </dev/null
		[ $? -eq 1 ] || continue
		printf ' %s' "$route"
		echo "$route" >>"$work/failed"
		sed -n 's/^ *kept: //p' "$work/out" | xargs -r rm -rf
	done <"$work/usable"
	echo
done

never=$(sort -u "$work/failed" | comm -13 - "$work/usable" 2>/dev/null)
[ -s "$work/usable" ] && [ -z "$never" ] && exit 0
echo "routes that no hook is needed for: $(echo "$never" | tr "\n" " ")"
exit 1
