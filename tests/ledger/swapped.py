#!/usr/bin/env python3
"""A process partly in swap is told of by part, and stays there: swapped.py VERSION

The test brings its own swap file where the machine has no swap; that takes root.
"""
import contextlib
import ctypes
import os
import pathlib
import struct
import subprocess
import sys
import tempfile

import command
import inside
import outside
from common import kilobytes, releases, status_of, wait_for_rest
from scenarios import check_buffers, check_malloc

MIB = 1 << 20
SWAP_SIZE = 256 * MIB
READS = 5
# The words in which V8 keeps its numbers are read where they are; all else stays in swap.
OWN_WORDS = 64 << 10
SYS_PROCESS_MADVISE, MADV_PAGEOUT = 440, 21


class IoVec(ctypes.Structure):
    _fields_ = [("base", ctypes.c_void_p), ("length", ctypes.c_size_t)]


def skip(why):
    print(f"skipped: {why}")
    sys.exit(releases.SKIPPED)


def free_swap():
    lines = pathlib.Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
    return kilobytes(dict(line.split(":") for line in lines), "SwapFree") << 10


@contextlib.contextmanager
def some_swap():
    """At least SWAP_SIZE of it is free within the block."""
    if free_swap() >= SWAP_SIZE:
        yield
        return
    if os.getuid() != 0:
        skip("the machine has no swap, and making some takes root")
    with tempfile.TemporaryDirectory() as folder:
        file = os.path.join(folder, "swap")
        with open(file, "wb") as swap:
            os.fchmod(swap.fileno(), 0o600)
            os.posix_fallocate(swap.fileno(), 0, SWAP_SIZE)
        for step in (["mkswap", file], ["swapon", file]):
            ended = subprocess.run(step, check=False, capture_output=True, text=True)
            if ended.returncode != 0:
                skip(f"{step[0]} does not work here: {ended.stderr.strip()}")
        try:
            yield
        finally:
            subprocess.run(["swapoff", file], check=True)


def page_out(pid, first, end):
    """Ask the kernel to move what is there into swap."""
    libc = ctypes.CDLL(None, use_errno=True)
    piece = IoVec(first, end - first)
    pidfd = os.pidfd_open(pid)
    try:
        if libc.syscall(SYS_PROCESS_MADVISE, pidfd, ctypes.byref(piece), 1, MADV_PAGEOUT, 0) < 0:
            skip(f"process_madvise: {os.strerror(ctypes.get_errno())}")
    finally:
        os.close(pidfd)


def anonymous(pid):
    """The mappings of private memory that is in no file."""
    return [one for one in outside.mappings_of(pid)
            if one.access.startswith("rw") and (not one.path or one.path == "[heap]") and one.rss]


def large_chunks(pid, mapping):
    """Where those of malloc begin that were mapped for themselves: memory of an arena can lie beside them."""
    at = mapping.first
    with open(f"/proc/{pid}/mem", "rb", 0) as memory:
        while at + 10 * MIB <= mapping.end:
            memory.seek(at)
            before, size = struct.unpack("<QQ", memory.read(16))
            size, is_mapped = size & ~7, size & 2 != 0
            is_chunk = before == 0 and is_mapped and size % 4096 == 0
            if is_chunk and 10 * MIB <= size <= mapping.end - at:
                yield at
                at += size
            else:
                at += 4096


def page_out_buffers(pid):
    """Some of what large Buffers hold; each chunk's first page, with its size, stays."""
    for one in anonymous(pid):
        if one.end - one.first >= 10 * MIB and not one.path:
            for chunk in list(large_chunks(pid, one)):
                page_out(pid, chunk + MIB, chunk + 4 * MIB)


def page_out_half(pid):
    """Half of everything, the C library's and V8's own words included."""
    for one in anonymous(pid):
        pages = (one.end - one.first) >> 12
        if pages >= 2:
            page_out(pid, one.first, one.first + (pages // 2 << 12))


def check_reads(running, may_come_back, findings):
    """Sums as smaps has them, by every one of some reads, and no more comes back from swap."""
    before = outside.sums_of(running.pid)
    findings.require(before["swap"] >= MIB, f"only {before['swap']} bytes are in swap")
    for _ in range(READS):
        document = command.read_at_rest(running.pid, findings)
    after = outside.sums_of(running.pid)
    findings.require(after["swap"] >= before["swap"] - may_come_back
                     and after["rss"] <= before["rss"] + may_come_back,
                     f"{before['swap'] - after['swap']} bytes came back from swap, rss grew by "
                     f"{after['rss'] - before['rss']}")
    if document is not None:
        parts = sum(part["swap"] or 0 for part in document["parts"])
        findings.require(parts == document["swap"],
                         f"the parts' swap is {parts}, of {document['swap']}")
    return document, before


def main(version):
    node = releases.binary_or_skip(version)
    results = []
    with some_swap(), inside.Inside(node, "mixed") as running:
        numbers, malloc = running.numbers(), running.malloc()
        for name, move, may_come_back in (("buffers", page_out_buffers, 0),
                                          ("half of it", page_out_half, OWN_WORDS)):
            findings = command.Findings(f"{version} {name} in swap")
            wait_for_rest(running.pid)
            move(running.pid)
            document, sums = check_reads(running, may_come_back, findings)
            if document is not None and name == "buffers":
                check_malloc("swapped", document, malloc, malloc, findings)
                check_buffers("swapped", document, numbers, numbers, findings)
                held = sum(part["swap"] or 0 for part in document["parts"]
                           if part["group"] in ("array buffers", "malloc"))
                findings.require(held >= 0.9 * sums["swap"],
                                 f"{held} of {sums['swap']} are said to be Buffers")
            results.append(findings.report(f"{sums['swap'] >> 10} kB in swap, "
                                           f"{sums['rss'] >> 10} kB resident"))
        running.numbers()
        print(f"{status_of(running.pid)['VmSwap']} still in swap after it went on")
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
