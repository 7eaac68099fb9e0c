# SPDX-License-Identifier: GPL-2.0-or-later
# A headless Chromium, spoken to through WebDriver's HTTP protocol on loopback. Sourced after
# scripts/lib.sh, never run. Whoever calls browser_start calls browser_stop at the end.
# shellcheck shell=bash

driver_pid='' session='' browser_dir=''

# browser_start DIR: skips the test where there is no browser. Logs and screenshots go to DIR.
browser_start() {
	local port options

	browser_dir=$1
	command -v chromium >/dev/null || skip "no chromium"
	command -v chromedriver >/dev/null || skip "no chromedriver"
	chromedriver --port=0 >"$browser_dir/chromedriver.log" 2>&1 &
	driver_pid=$!
	wait_line "$browser_dir/chromedriver.log" 'started successfully on port [0-9]+' "$driver_pid" 30 ||
		die "chromedriver did not start: $(tail -n 1 "$browser_dir/chromedriver.log")"
	port=$(sed -nE 's/.*started successfully on port ([0-9]+).*/\1/p' "$browser_dir/chromedriver.log")
	driver="http://127.0.0.1:$port"

	# root has no sandbox; /dev/shm may be as small as a container's
	options=$(jq -n --arg profile "$browser_dir/profile" '{capabilities: {alwaysMatch: {
		browserName: "chrome",
		unhandledPromptBehavior: "ignore",
		"goog:loggingPrefs": {browser: "ALL", performance: "ALL"},
		"goog:chromeOptions": {binary: "/usr/bin/chromium", args: ["--headless=new", "--no-sandbox",
			"--disable-gpu", "--disable-dev-shm-usage", "--window-size=1280,900",
			"--force-device-scale-factor=1", "--user-data-dir=" + $profile]}}}}')
	session=$(curl -sS --max-time 120 -d "$options" "$driver/session" | jq -r '.value.sessionId // empty') ||
		die "chromedriver did not answer"
	[[ $session ]] || die "chromium did not start: $(tail -n 3 "$browser_dir/chromedriver.log")"
	# what its own first page asks for is none of ours
	webdriver url '{"url": "about:blank"}' >/dev/null
	log performance >/dev/null
}

browser_stop() {
	[[ ! $session ]] || curl -sS --max-time 30 -X DELETE "$driver/session/$session" >/dev/null || true
	[[ ! $driver_pid ]] || { kill "$driver_pid" && wait "$driver_pid"; } 2>/dev/null || true
}

# webdriver PATH [JSON]: the value of the answer, as JSON; fails with the error's words.
webdriver() {
	local answer

	if (($# > 1)); then
		answer=$(curl -sS --max-time 120 -d @- "$driver/session/$session/$1" <<<"$2")
	else
		answer=$(curl -sS --max-time 120 "$driver/session/$session/$1")
	fi || return
	if jq -e '.value | type == "object" and has("error")' <<<"$answer" >/dev/null; then
		jq -r '"\(.value.error): \(.value.message)"' <<<"$answer" | head -n 2 >&2
		return 1
	fi
	jq -c .value <<<"$answer"
}

# visit PATH|URL
visit() {
	local url=$1

	[[ $url == *://* ]] || url=file://$url
	webdriver url "$(jq -n --arg url "$url" '{$url}')" >/dev/null
}

# The addresses that were asked for since the last time, each once.
requests() {
	log performance | jq -r '[.[].message | fromjson | .message |
		select(.method == "Network.requestWillBeSent") | .params.request.url] | unique | join(" ")'
}

# js SCRIPT: what it returns; text as it is, anything else as JSON.
js() {
	webdriver execute/sync "$(jq -n --arg script "$1" '{$script, args: []}')" |
		jq -r 'if type == "string" then . else tojson end'
}

# cdp COMMAND PARAMETERS
cdp() {
	webdriver goog/cdp/execute "$(jq -n --arg cmd "$1" --argjson params "$2" '{$cmd, $params}')"
}

# element XPATH: its reference, for click and keys.
element() {
	webdriver element "$(jq -n --arg value "$1" '{using: "xpath", $value}')" | jq -r 'first(.[])'
}

# Into the middle first: WebDriver takes what lies under a bar that stays at the top for seen.
click() {
	local id

	id=$(element "$1") && webdriver execute/sync "$(jq -n --arg id "$id" '{args: [{
		"element-6066-11e4-a52e-4f735466cecf": $id}],
		script: "arguments[0].scrollIntoView({block: \"center\"})"}')" >/dev/null &&
		webdriver "element/$id/click" '{}' >/dev/null
}

# WebDriver's code points of these keys (U+E015, U+E007, U+E00C) as bytes: bash writes \u as it is where the
# locale is C.
# shellcheck disable=SC2034 # for who sources this
key_down=$'\xee\x80\x95' key_enter=$'\xee\x80\x87' key_escape=$'\xee\x80\x8c'

# keys XPATH TEXT: typed at the element.
keys() {
	local id

	id=$(element "$1") && webdriver "element/$id/value" "$(jq -n --arg text "$2" '{$text}')" >/dev/null
}

# log browser|performance: what came since it was asked for last.
log() {
	webdriver se/log "{\"type\": \"$1\"}"
}

# colors light|dark
colors() {
	cdp Emulation.setEmulatedMedia \
		"{\"features\": [{\"name\": \"prefers-color-scheme\", \"value\": \"$1\"}]}" >/dev/null
}

viewport() {
	cdp Emulation.setDeviceMetricsOverride \
		"{\"width\": $1, \"height\": $2, \"deviceScaleFactor\": 1, \"mobile\": false}" >/dev/null
}

# screenshot NAME: the whole page into $browser_dir/NAME.png
screenshot() {
	local height

	height=$(js 'scrollTo(0, 0); return new Promise(drawn => requestAnimationFrame(() =>
		requestAnimationFrame(() => drawn(Math.min(6000, document.documentElement.scrollHeight)))))')
	cdp Page.captureScreenshot "{\"captureBeyondViewport\": true, \"clip\": {\"x\": 0, \"y\": 0,
		\"width\": $(js 'return innerWidth'), \"height\": $height, \"scale\": 1}}" |
		jq -r .data | base64 -d >"$browser_dir/$1.png"
}
