"""What the kernel says of a process's memory: the sums of smaps, by mapping."""

import re

FIRST_LINE = re.compile(r"^([0-9a-f]+)-([0-9a-f]+) (\S{4}) \S+ \S+ (\d+) *(.*)$")
NUMBERS = {"Rss": "rss", "Pss": "pss", "Swap": "swap"}


class Mapping:
    """One line of /proc/PID/maps with its numbers in bytes."""

    def __init__(self, first, end, access, path):
        self.first, self.end, self.access, self.path = int(first, 16), int(end, 16), access, path
        self.rss = self.pss = self.swap = 0


def mappings_of(pid):
    found = []
    with open(f"/proc/{pid}/smaps", encoding="utf-8", errors="replace") as file:
        for line in file:
            first_line = FIRST_LINE.match(line)
            if first_line:
                first, end, access, _, path = first_line.groups()
                found.append(Mapping(first, end, access, path))
                continue
            key, _, value = line.partition(":")
            if key in NUMBERS:
                setattr(found[-1], NUMBERS[key], int(value.split()[0]) << 10)
    return found


def sums_of(pid):
    """{"rss": …, "pss": …, "swap": …} over all mappings."""
    mappings = mappings_of(pid)
    return {name: sum(getattr(one, name) for one in mappings) for name in NUMBERS.values()}
