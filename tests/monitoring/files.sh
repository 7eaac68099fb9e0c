#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The unit lets the service do little, by systemd's own count; each alert is raised by what it is about,
# by promtool's; every metric that rules and dashboard name is one that the service has, and each that it
# has is on the dashboard. Usage: files.sh MIGPOP
set -euo pipefail

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# shellcheck source=scripts/lib.sh
. "$top/scripts/lib.sh"

migpop=$1
for tool in promtool systemd-analyze curl jq; do
	command -v "$tool" >/dev/null || skip "$tool is not installed"
done
((EUID == 0)) || skip "not root"
work=$(mktemp -d)
server=''
cleanup() {
	[[ ! $server ]] || kill "$server" 2>/dev/null || true
	rm -rf "$work"
}
trap cleanup EXIT
alerts=$top/docs/monitoring/alerts.yml dashboard=$top/docs/monitoring/grafana.json
unit=$top/docs/systemd/migpop.service

systemd-analyze security --offline=true --threshold=30 "$unit" >"$work/security" ||
	die "systemd-analyze security: $(tail -n 1 "$work/security")"
# The program and its manual are where this build has them, if anywhere.
sed "s#/usr/bin/migpop#$(realpath "$migpop")#; s#man:migpop(1) ##" "$unit" >"$work/migpop.service"
{ systemd-analyze verify "$work/migpop.service" >"$work/said" 2>&1 && [[ ! -s $work/said ]]; } ||
	die "systemd-analyze verify: $(<"$work/said")"
for capability in CAP_BPF CAP_PERFMON CAP_SYS_PTRACE; do
	grep -q "^AmbientCapabilities=.*$capability" "$unit" || die "the unit lacks $capability"
done

promtool check rules "$alerts" >"$work/said" 2>&1 || die "promtool: $(<"$work/said")"
cp "$alerts" "$top/tests/monitoring/alerts.test.yml" "$work/"
(cd "$work" && promtool test rules alerts.test.yml >said 2>&1) || die "promtool: $(<"$work/said")"

# metrics_of FILE…: names of metrics of ours, one a line. Those with a colon the rules themselves make.
metrics_of() {
	grep -ohE '\bmigpop_[a-z_]+' "$@" | sort -u
}
jq -r '[.panels[].targets[].expr, (.templating.list[] | .query)] | .[]' "$dashboard" >"$work/queries"
sed -n 's/^ *expr: *//p; s/^  *(migpop/&/p' "$alerts" >"$work/rules"

"$migpop" serve --help >/dev/null 2>&1 || skip "this migpop has no serve"
port=$((20000 + $$ % 10000))
"$migpop" serve -q --listen "127.0.0.1:$port" --records "$work/records" 2>"$work/serve" &
server=$!
# shellcheck disable=SC2317 # called through wait_until
answers() {
	curl -sf "http://127.0.0.1:$port/metrics" -o "$work/metrics" || ended "$server"
}
{ wait_until 30 answers && alive "$server"; } || die "migpop serve does not answer: $(<"$work/serve")"
sed -n 's/^# TYPE \([a-z_]*\) .*/\1/p' "$work/metrics" | sort -u >"$work/has"
promtool check metrics <"$work/metrics" >"$work/said" 2>&1 || die "promtool check metrics: $(<"$work/said")"
unknown=$(comm -13 "$work/has" <(metrics_of "$work/queries" "$work/rules"))
[[ ! $unknown ]] || die "rules or dashboard name what the service does not have: $unknown"
unseen=$(comm -23 "$work/has" <(metrics_of "$work/queries"))
[[ ! $unseen ]] || die "not on the dashboard: $unseen"
echo "$(wc -l <"$work/has") metrics, $(tail -n 1 "$work/security" | sed "s/^[^O]*//")"
