#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The examples in docs/ci: YAML that yamllint has nothing to say about, jobs of the shape that their CI
# asks for, shell that shellcheck passes, options that "migpop verify" has.
#
#	ci-examples.sh MIGPOP

[ $# -eq 1 ] || { echo "usage: $0 MIGPOP" >&2 && exit 2; }
migpop=$1
docs=$(cd "$(dirname "$0")/../../docs/ci" && pwd)
command -v yamllint >/dev/null || { echo "SKIP: yamllint is not installed" && exit 77; }
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
status=0
wrong() {
	echo "FAIL: $*"
	status=1
}

yamllint -s -d '{extends: default, rules: {line-length: {max: 110}, document-start: disable}}' "$docs" ||
	wrong "yamllint"

# Prints the shell of all jobs; yamllint brings the parser.
# shellcheck disable=SC2016 # Python
shell='
import sys, yaml

def need(what, where, keys):
    for key in keys:
        if key not in where:
            sys.exit("FAIL: %s has no %s" % (what, key))

def github(document):
    need("the workflow", document, ["name", "on", "jobs"])
    for name, job in document["jobs"].items():
        need("job " + name, job, ["runs-on", "steps"])
        for step in job["steps"]:
            if ("run" in step) == ("uses" in step):
                sys.exit("FAIL: a step of %s must either run or use" % name)
            yield step.get("run", "")

def gitlab(document):
    words = ("stages", "variables", "workflow", "default", "include")
    need("the pipeline", document, ["stages"])
    for name, job in document.items():
        if name in words:
            continue
        need("job " + name, job, ["stage", "script"])
        if job["stage"] not in document["stages"]:
            sys.exit("FAIL: job %s is of no stage" % name)
        for other in job.get("needs", []):
            need("the pipeline", document, [other])
        if not all(isinstance(line, str) for line in job["script"]):
            sys.exit("FAIL: the script of %s is not all text" % name)
        yield from job["script"]

document = yaml.safe_load(open(sys.argv[1]))
print("\n".join((github if "jobs" in document else gitlab)(document)))
'
for file in "$docs"/*.yml; do
	name=$(basename "$file" .yml)
	if ! python3 -c "$shell" "$file" >"$work/$name.sh"; then
		wrong "$file"
		continue
	fi
	# Variables come from the CI.
	shellcheck -s bash -e SC2154 "$work/$name.sh" || wrong "$file: its shell"
	grep -q 'migpop verify' "$work/$name.sh" || wrong "$file does not verify anything"
done

if ! "$migpop" verify --help >"$work/help" 2>&1; then
	[ $status -ne 0 ] || echo "SKIP: options are not compared: migpop verify is not there"
	exit $status
fi
sed ':a; /\\$/ { N; s/\\\n//; ba }' "$work"/*.sh | sed -n 's/.*migpop verify //p' |
	sed 's/||.*//' | tr ' ' '\n' | grep '^-' | sort -u |
	while read -r option; do
		grep -q -- "$option\b" "$work/help" || echo "FAIL: migpop verify has no $option"
	done >"$work/options"
cat "$work/options"
[ ! -s "$work/options" ] && exit $status
