#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A real Prometheus scrapes the service, and has of every migration just what the records say, series by
# series; its alerts are raised. A real browser opens the list and the reports: nothing on its console, no
# request but for the page.
# Usage: scrape.sh MIGPOP QMP-CLI OUT
# shellcheck source=tests/serve/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../serve/lib.sh"
# shellcheck source=tests/browser/webdriver.sh
. "$(dirname "${BASH_SOURCE[0]}")/../browser/webdriver.sh"
# shellcheck source=tests/manual/blocks.sh
. "$(dirname "${BASH_SOURCE[0]}")/../manual/blocks.sh"
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
out=$3
for program in prometheus promtool; do
	command -v "$program" >/dev/null || skip "$program is not installed"
done
at_end=(browser_stop)
rm -rf "$out" && mkdir -p "$out"
out=$(realpath "$out")

# What Prometheus should have: a series a line, its labels and its value.
cat >"$work/expected.jq" <<'JQ'
def row(name; labels; value): [{__name__: "migpop_\(name)"} + labels, value];
def by_category(name; counts; labels): counts | group_by(.[0])[] |
	row(name; labels + {category: .[0][0]}; map(.[1]) | add);
(input_filename | sub(".*-"; "") | sub("\\.json"; "")) as $role |
{guest: .target.guest, role: $role} as $of |
row("migrations_total"; $of + {outcome: (.window.closed_by_text | sub(".*, migration "; ""))}; 1),
by_category("populated_pages_total";
	[.callsites[] | select(.populated_pages > 0) | [.category, .populated_pages]]; $of),
by_category("zero_populated_pages_total";
	[.callsites[] | select(.zero_populated_pages > 0) | [.category, .zero_populated_pages]]; $of),
row("released_pages_total"; $of; .totals.released_pages),
row("lost_events_total"; $of; .lost.events),
(.lost.chainless_pages | select(. != null) | row("chainless_pages_total"; $of; .)),
row("late_pages_total"; $of; .window.late_pages),
row("residual_pages"; $of; [.accounting[] | select(.residual_pages != null) |
	(.residual_pages | fabs) - .uncertainty_pages | select(. > 0)] | add // 0),
(.overhead.bpf_ns | select(. != null) | row("overhead_seconds_total"; $of; . / 1e9))
JQ
expected() {
	jq -cS -f "$work/expected.jq" "$records"/*-scrape-*.json | sort
}
# api QUERY: what Prometheus answers, as expected() has it, without the labels that it adds.
api() {
	curl -sfG "$prometheus_url/api/v1/query" --data-urlencode "query=$1" |
		jq -cS '.data.result[] | [(.metric | del(.instance, .job)), (.value[1] | tonumber)]' | sort
}
# Other tests' guests may come and go. What is lost is looked at below.
ours='{__name__=~"migpop_.*", __name__!="migpop_lost_total", guest=~"scrape-.*"}'
scraped() {
	[[ $(api "$ours") == "$(expected)" ]]
}

start_service --max-size 256M
port=$(free_port)
prometheus_url=http://127.0.0.1:$port
cp "$top/docs/monitoring/alerts.yml" "$work/"
# As the manual has it, but for the service's address and where the rules are, and more often.
{
	echo 'global: {scrape_interval: 1s, evaluation_interval: 1s}'
	block "$top/docs/manual.md" 'To have it scraped and shown' |
		sed -e "s|127.0.0.1:9477|${url#http://}|" -e 's|/usr/share/migpop/monitoring/||'
} >"$work/prometheus.yml"
promtool check config "$work/prometheus.yml" >"$work/said" || failed "promtool: $(<"$work/said")"
prometheus --config.file="$work/prometheus.yml" --storage.tsdb.path="$work/tsdb" \
	--web.listen-address="127.0.0.1:$port" >"$work/prometheus.log" 2>&1 &
echo $! >"$work/prometheus.pid"
ready() { curl -sf "$prometheus_url/-/ready" >/dev/null || ended "$(<"$work/prometheus.pid")"; }
{ wait_until 60 ready && alive "$(<"$work/prometheus.pid")"; } || failed "prometheus: $(tail -n 3 "$work/prometheus.log")"

migrate scrape-whole completed
# shellcheck disable=SC1003,SC2016 # nothing is to be expanded
odd='scrape-q"u\o`$(te) ä'
migrate scrape-cut cancelled
migrate scrape-gone destination-killed
start_guest odd "$odd"
wait_known odd
qmp odd migrate '{"uri": "exec:cat >/dev/null"}'
odd_recorded() { (($(find "$records" -name '*-scrape-*.json' | wc -l) == 7)); }
wait_until 60 odd_recorded || failed "no record of a guest with an odd name"
end_guest odd

wait_until 60 scraped || failed "Prometheus and the records differ: $(diff <(expected) <(api "$ours") | head -n 20)"
series=$(expected | wc -l)
((series >= 7 * 4)) || failed "$series series of 7 records"
[[ $(api 'sum(migpop_lost_total{guest=~"scrape-.*"})' | jq '.[1]') == 0 ]] || failed "something is lost"
[[ $(api 'sum(migpop_errors_total)' | jq '.[1]') == 0 ]] || failed "there are errors"
[[ $(api 'up{job="migpop"}' | jq '.[1]') == 1 ]] || failed "Prometheus says that the service is down"
[[ $(curl -sf "$prometheus_url/api/v1/rules" | jq '[.data.groups[].rules[] | select(.health == "err")] | length') == 0 ]] ||
	failed "rules do not evaluate"
alerts() {
	curl -sf "$prometheus_url/api/v1/alerts" | jq -r '[.data.alerts[] | select(.state == "firing" and (.labels.guest // "" | startswith("scrape-"))) |
		"\(.labels.alertname) \(.labels.guest) \(.labels.role)"] | sort | join(", ")'
}
raised() { [[ $(alerts) == "$wanted" ]]; }
wanted="MigrationUnsuccessful scrape-cut destination, MigrationUnsuccessful scrape-cut source, MigrationUnsuccessful scrape-gone destination, MigrationUnsuccessful scrape-gone source"
wait_until 30 raised || failed "alerts: $(alerts)"
curl -sf "$url/metrics" | promtool check metrics >"$work/said" 2>&1 || failed "promtool: $(<"$work/said")"
echo "$series series, as the records say; alerts of the two that did not complete"

# same WHAT EXPECTED ACTUAL
same() {
	[[ $2 == "$3" ]] || failed "$1: expected $2, got $3"
}
browser_start "$out"
visit "$url/"
same "the list has every record" 7 "$(js 'return [...document.querySelectorAll("li")]
	.filter(e => e.textContent.includes("-scrape-")).length')"
screenshot list
for record in "$records"/*-scrape-*.json; do
	name=$(basename "$record" .json)
	page=$url/report/$name
	log performance >/dev/null
	visit "$page"
	same "$page: its requests" "$page" "$(requests)"
	same "$page: the record's figure" true "$(js "return document.body.innerText.replaceAll(',', '')
		.includes('$(jq .totals.populated_pages "$record")')")"
done
screenshot report
same "the browser's console" '[]' "$(log browser)"
stop_service
