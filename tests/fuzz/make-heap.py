#!/usr/bin/env python3
"""Writes the seeds of fuzz_heap: make-heap.py FOLDER"""
import pathlib
import struct
import sys

START = 0x100000040010


class Page:
    """Objects one behind the other; a word can name one that comes later."""

    def __init__(self):
        self.words = []
        self.names = {}

    def add(self, name, *words):
        self.names[name] = START + 8 * len(self.words) + 1
        self.words += words

    def map(self, name, kind, size=0, **fields):
        bits = fields.get("bits", 0)
        inobject = fields.get("inobject", size)
        self.add(name, "meta", size | inobject << 8 | kind << 32 | fields.get("bit2", 1) << 56, bits,
                 fields.get("prototype", 0), fields.get("constructor", 0),
                 fields.get("descriptors", 0), 0, 0, 0, 0)

    def bytes(self):
        return b"".join(struct.pack("<Q", self.names.get(word, word)) for word in self.words)


def smi(value):
    return value << 32


def text(word):
    data = word.encode() + b"\0" * (-len(word) % 8)
    return [smi(len(word)), *struct.unpack(f"<{len(data) // 8}Q", data)]


def make_page():
    page = Page()
    page.map("meta", 272, 10)
    page.map("of one byte", 8)
    page.map("of cons", 33, 4)
    page.map("of thin", 37, 3)
    page.map("of sliced", 35, 4)
    page.map("of array", 205)
    page.map("of ephemerons", 207)
    page.map("of dictionary", 209)
    page.map("of descriptors", 252)
    page.map("of function", 2065, 8)
    page.map("of shared", 282, 9)
    page.map("of script", 281, 10)
    page.map("of scope", 280, 7)
    page.map("of buffer", 2146, 8)
    page.map("of typed", 2147, 8)
    page.map("of table", 2150, 4)
    page.map("of object", 1057, 4, inobject=3, bits=1 << 10, prototype="prototype",
             constructor="function", descriptors="descriptors")
    page.map("of prototype", 1057, 3, bits=1 << 20 | 1 << 21, constructor="function")
    page.add("constructor", "of one byte", *text("constructor"))
    page.add("name", "of one byte", *text("Named"))
    page.add("cons", "of cons", smi(10), "name", "cons")
    page.add("thin", "of thin", smi(5), "name")
    page.add("sliced", "of sliced", smi(3), "name", smi(1))
    page.add("array", "of array", smi(3), "cons", smi(1), "array")
    page.add("ephemerons", "of ephemerons", smi(5), 0, 0, 0, "object", "array")
    page.add("descriptors", "of descriptors", 1, 0, "name", smi(0), "array")
    page.add("shared", "of shared", 0, 0, "name", 0, 0, 0, 0, 0)
    page.add("function", "of function", 0, 0, 0, "shared", 0, 0, 0)
    page.add("dictionary", "of dictionary", smi(9), 0, 0, 0, 0, 0, 0, "constructor", "function", 0)
    page.add("prototype", "of prototype", "dictionary", 0)
    page.add("object", "of object", 0, 0, smi(7))
    page.add("source", "of one byte", *text("let a;\r\n  function b() {}\n"))
    page.add("script", "of script", "source", "name", smi(1), smi(2), 0, 0, 0, smi(44), 0)
    page.add("scope", "of scope", 0, 0, 0, smi(12), smi(24), 0)
    page.add("placed", "of shared", 0, 0, "scope", 0, "script", 0, 0, 0)
    page.add("method", "of function", 0, 0, 0, "placed", 0, 0, 0)
    page.add("buffer", "of buffer", 0, 0, 0, 256, 256, START, START)
    page.add("typed", "of typed", 0, 0, 0, "buffer", 16, 64, 0)
    page.add("table", "of table", 0, 0, "ephemerons")
    return page


def main(folder):
    data = make_page().bytes()
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "objects").write_bytes(data)
    (folder / "cut").write_bytes(data[:-40])
    (folder / "holes").write_bytes(data[:400] + bytes(64) + data[464:] + bytes(4096))
    (folder / "zero").write_bytes(bytes(256))


if __name__ == "__main__":
    main(sys.argv[1])
