# SPDX-License-Identifier: GPL-2.0-or-later
# Run inside gdb: runs a program once more, stops it at each PC where a record says that pages were
# populated, and compares gdb's chains with the record's, frame by frame. Knows the record's schema
# and what chain.h says of the program's output; nothing of how chains are made.
#
#	gdb -batch -nx -ex 'python record="FILE"; expect="FILE"' -x oracle.py --args PROGRAM…
import json

MEMORY = "memfd:chains"  # what the program touches; the rest is the loader's business
JIT = "[jit]"  # what records call code that no file holds
MAX_FRAMES = 127
MAX_HITS = 20000  # of one PC, until its chains must have been seen
failures = 0


def fail(text):
    global failures
    failures += 1
    print("FAIL:", text)


class Site:
    def __init__(self, callsite, pages, bases):
        self.pages = pages
        self.end = callsite.get("chain_end")
        self.symbols = [f.get("symbol") for f in callsite["frames"]]
        self.seen = False
        self.chain = []
        # Code that the program makes is nowhere yet when gdb sets its breakpoints.
        self.stoppable = callsite["frames"] and callsite["frames"][0].get("module") not in (None, JIT)
        for frame in callsite["frames"]:
            if frame.get("inlined"):
                continue
            module = frame.get("module") or ""
            if module.startswith("[vdso"):
                module = "[vdso]"
            if module and module != JIT and module not in bases:
                fail("a frame in %s, which the program never mapped" % module)
            self.chain.append(bases.get(module, 0) + frame["offset"])

    def equals(self, other):
        if self.end == "complete":
            return self.chain == other
        return self.chain == other[: len(self.chain)]


def read_expectations(path):
    bases, expectations, done = {}, [], False
    for line in open(path):
        word = line.split()
        if word[0] == "module":
            bases.setdefault(word[2], int(word[1], 16))
        elif word[0] == "expect":
            expectations.append(word[1:])
        done = word[0] == "done"
    if not done:
        fail("the program did not come to its end under the tracer")
    return bases, expectations


def read_sites(record, bases):
    sites = []
    for callsite in record["callsites"]:
        pages = sum(
            b["populated_pages"] or 0
            for b in callsite["backing"]
            if (b["name"] or "").startswith(MEMORY)
        )
        if pages:
            sites.append(Site(callsite, pages, bases))
    return sites


def check_expectations(sites, expectations):
    for symbol, pages, end, frames in expectations:
        of = [
            s
            for s in sites
            if (symbol == "-" or symbol in s.symbols) and (end == "-" or end == s.end)
        ]
        had = sum(s.pages for s in of)
        if had != int(pages):
            fail("%s pages of chains with %s, end %s: %d" % (pages, symbol, end, had))
        if frames != "-" and any(len(s.chain) != int(frames) for s in of):
            fail("%s: %s frames" % (symbol, [len(s.chain) for s in of]))


def check_losses(record, sites):
    lost = record["lost"]
    cut = sum(s.pages for s in sites if s.end == "truncated")
    if lost["events"] or lost["stacks"]:
        fail("lost: %s" % lost)
    if (lost.get("truncated_stacks") or 0) < cut:
        fail("%d chains cut short, counted: %s" % (cut, lost.get("truncated_stacks")))


def executable_ranges():
    ranges = []
    for line in open("/proc/%d/maps" % gdb.selected_inferior().pid):
        where, permissions = line.split()[:2]
        if "x" in permissions:
            ranges.append([int(address, 16) for address in where.split("-")])
    return ranges


def debugger_chain():
    chain = []
    frame = gdb.newest_frame()
    executable = executable_ranges()
    # Beyond code without CFI, such as the start of a coroutine, gdb guesses and arrives in data.
    while frame is not None and len(chain) < 2 * MAX_FRAMES:
        # Inlined frames and guessed tail calls are no frames of the machine.
        if frame.type() not in (gdb.INLINE_FRAME, gdb.TAILCALL_FRAME):
            if not any(start <= frame.pc() < end for start, end in executable):
                break
            chain.append(frame.pc())
        frame = frame.older()
    return chain


def show(chain):
    return " ".join("%x" % pc for pc in chain)


class Stop(gdb.Breakpoint):
    def __init__(self, pc, sites):
        super().__init__("*%#x" % pc, internal=True)
        self.silent = True
        self.pc, self.sites, self.seen, self.hits = pc, sites, [], 0

    def compare(self):
        chain = debugger_chain()
        self.hits += 1
        if chain not in self.seen:
            self.seen.append(chain)
        for site in self.sites:
            site.seen = site.seen or site.equals(chain)
        if all(s.seen for s in self.sites) or self.hits >= MAX_HITS:
            self.enabled = False


def alive():
    return gdb.selected_inferior().pid != 0


def run(sites):
    for setting in (
        "pagination off",
        "confirm off",
        "breakpoint pending on",
        "debuginfod enabled off",
        "startup-with-shell off",
        "backtrace past-main on",
        "backtrace past-entry on",
        "backtrace limit unlimited",
        "print thread-events off",
        "print inferior-events off",
    ):
        gdb.execute("set " + setting)
    for signal in ("SIGUSR1", "SIGUSR2", "SIGSEGV"):
        gdb.execute("handle %s nostop noprint pass" % signal, to_string=True)
    gdb.execute("tbreak chain__ready", to_string=True)
    gdb.breakpoints()[-1].silent = True
    # What the program prints is known from its other run.
    gdb.execute("set inferior-tty /dev/null")
    gdb.execute("run", to_string=True)
    stops = {}
    for pc in {s.chain[0] for s in sites if s.stoppable}:
        stops[pc] = Stop(pc, [s for s in sites if s.chain and s.chain[0] == pc])
    while alive():
        gdb.execute("continue", to_string=True)
        stop = alive() and stops.get(gdb.newest_frame().pc())
        if stop:
            stop.compare()
    return stops


def main():
    loaded = json.load(open(record))
    bases, expectations = read_expectations(expect)
    sites = read_sites(loaded, bases)
    check_expectations(sites, expectations)
    check_losses(loaded, sites)
    stops = run(sites)
    for stop in stops.values():
        for site in stop.sites:
            if site.seen or not stop.hits:
                continue
            fail("no chain of gdb's is that of %d pages, end %s:" % (site.pages, site.end))
            print("  record", show(site.chain), "|", " ".join(str(s) for s in site.symbols))
            for chain in stop.seen[:4]:
                print("  gdb   ", show(chain))
        if not stop.hits:
            fail("%x, of %d pages, never reached" % (stop.pc, sum(s.pages for s in stop.sites)))
    frames = sum(len(s.chain) for s in sites)
    if frames <= len(sites):
        fail("%d call sites with %d frames are no chains" % (len(sites), frames))
    print(
        "%d chains, %d frames, at %d instructions, %d pages: %s"
        % (
            len(sites),
            frames,
            len(stops),
            sum(s.pages for s in sites),
            "%d failures" % failures if failures else "as gdb has them",
        )
    )
    gdb.execute("quit %d" % (failures > 0))


try:
    main()
except Exception as e:
    print("FAIL:", type(e).__name__, e)
    gdb.execute("quit 1")
