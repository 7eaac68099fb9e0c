# SPDX-License-Identifier: GPL-2.0-or-later
# Run inside gdb, at a process that is stopped: writes the stack of the selected thread to a file that
# replay.c can unwind anywhere, with gdb's own chain as what must come out. See recorded/README.md.
#
#	gdb … -ex 'python out="FILE"; title="WORDS"; rows="PATH OF THE PROGRAM rows"' -x record_stack.py
import subprocess

WHOLE = 8 << 10  # bytes of stack that are kept whole; of larger ones what is around frames
BELOW, ABOVE = 192, 64
SIGNAL = 320  # above a signal frame: the registers of what it interrupted


def mappings(pid):
    base, found = {}, []
    for line in open("/proc/%d/maps" % pid):
        word = line.split(None, 5)
        start, end = [int(address, 16) for address in word[0].split("-")]
        path = word[5].strip() if len(word) > 5 else ""
        base.setdefault(path, start)
        if "x" in word[1]:
            found.append((start, end, base[path] if path else start, path))
    return found


def chain(executable):
    frames, frame = [], gdb.newest_frame()
    while frame is not None:
        if frame.type() not in (gdb.INLINE_FRAME, gdb.TAILCALL_FRAME):
            if not any(start <= frame.pc() < end for start, end, base, path in executable):
                break
            exact = not frames or frames[-1][2] == gdb.SIGTRAMP_FRAME
            frames.append((frame.pc(), exact, frame.type(), int(frame.read_register("rsp"))))
        frame = frame.older()
    return frames


def rows_of(path, pcs):
    args = [rows, path] + ["%x" % pc for pc in pcs]
    output = subprocess.run(args, check=True, capture_output=True, text=True).stdout
    return sorted({tuple(int(n, 16) for n in line.split()) for line in output.splitlines()})


def above(frame):
    return SIGNAL if frame[2] == gdb.SIGTRAMP_FRAME else ABOVE


def ranges_of(frames):
    low, high = frames[0][3] & ~7, frames[-1][3] + ABOVE
    if 0 <= high - low <= WHOLE:
        return [(low, high)]
    # Where a frame begins is where its caller's registers were saved.
    ranges = []
    for start, end in sorted((f[3] - BELOW & ~7, f[3] + above(f)) for f in frames):
        if ranges and start <= ranges[-1][1]:
            ranges[-1] = (ranges[-1][0], max(end, ranges[-1][1]))
        else:
            ranges.append((start, end))
    return ranges


def write(f):
    inferior = gdb.selected_inferior()
    executable = mappings(inferior.pid)
    frames = chain(executable)
    newest = gdb.newest_frame()
    f.write("title %s\n" % title)
    for name, register in (("ip", "rip"), ("sp", "rsp"), ("bp", "rbp")):
        f.write("reg %s %x\n" % (name, int(newest.read_register(register)) & (1 << 64) - 1))
    for start, end, base, path in executable:
        pcs = [pc - (not exact) - base for pc, exact, _, _ in frames if start <= pc < end]
        if pcs and path.startswith("/"):
            f.write("map %x %x %x %s\n" % (start, end, base, path.split("/")[-1]))
            for pc, rule in rows_of(path, pcs):
                f.write("row %x %x\n" % (pc, rule))
    for start, end in ranges_of(frames):
        memory = inferior.read_memory(start, end - start).tobytes()
        for at in range(0, len(memory), 32):
            f.write("mem %x %s\n" % (start + at, memory[at : at + 32].hex()))
    for pc, exact, _, _ in frames:
        f.write("frame %x%s\n" % (pc, " exact" if exact else ""))
    f.write("end complete\n")


with open(out, "w") as f:
    write(f)
print("wrote", out)
