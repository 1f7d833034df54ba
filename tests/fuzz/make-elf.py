#!/usr/bin/env python3
"""Makes the seeds of corpus/elf: `tests/fuzz/make-elf.py` writes them anew.

Each is a 64-bit x86 ELF file of some hundred bytes with one loaded segment, a build-id note, two
dynamic symbols and their GNU hash table; all but the first with one thing wrong.
"""
import pathlib
import struct

CORPUS = pathlib.Path(__file__).resolve().parent / 'corpus' / 'elf'
BASE = 0x400000
SYMBOLS = ['v8dbg_frametype_EntryFrame', '_ZN2v87Isolate3NewEv']
PT_LOAD, PT_NOTE = 1, 4
SHT_STRTAB, SHT_NOTE, SHT_DYNSYM, SHT_GNU_HASH = 3, 7, 11, 0x6ffffff6
EHDR_SIZE, PHDR_SIZE, SHDR_SIZE = 64, 56, 64


def gnu_hash(name):
    value = 5381
    for byte in name.encode():
        value = (value * 33 + byte) & 0xffffffff
    return value


def hash_table(first=1, buckets=1, bloom_words=1, ends=True):
    """One bucket: symbols follow each other; the last one's entry has bit 0 set."""
    table = struct.pack('<4I', buckets, first, bloom_words, 0)
    table += b'\xff' * 8 * min(bloom_words, 1)
    table += struct.pack('<I', 1) * min(buckets, 1)
    for index, name in enumerate(SYMBOLS):
        last = ends and index == len(SYMBOLS) - 1
        table += struct.pack('<I', gnu_hash(name) & ~1 | last)
    return table


def make(table=None, machine=62, file_class=2, note_size=20, name_at=None, segment=(0, None),
         dynsym_link=4, sections_at=None):
    names, offsets = b'\0', []
    for name in SYMBOLS:
        offsets.append(len(names) if name_at is None else name_at)
        names += name.encode() + b'\0'
    code = b'\x48\x8d\x05\x10\x00\x00\x00\xc3'
    note = struct.pack('<3I', 4, note_size, 3) + b'GNU\0' + bytes(range(20))
    table = hash_table() if table is None else table

    parts, at = [], EHDR_SIZE + 2 * PHDR_SIZE

    def place(content):
        nonlocal at
        content += b'\0' * (-len(content) % 8)
        parts.append(content)
        at += len(content)
        return at - len(content)

    code_at = place(code)
    note_at = place(note)
    table_at = place(table)
    symbols = b'\0' * 24
    for offset in offsets:
        symbols += struct.pack('<IBBHQQ', offset, 0x12, 0, 1, BASE + code_at, len(code))
    symbols_at = place(symbols)
    names_at = place(names)
    end = at

    def section(kind, offset, size, link=0):
        return struct.pack('<IIQQQQIIQQ', 0, kind, 0, BASE + offset, offset, size, link, 0, 8,
                           24 if kind == SHT_DYNSYM else 0)

    sections = b'\0' * SHDR_SIZE
    sections += section(SHT_NOTE, note_at, len(note))
    sections += section(SHT_GNU_HASH, table_at, len(table), 3)
    sections += section(SHT_DYNSYM, symbols_at, len(symbols), dynsym_link)
    sections += section(SHT_STRTAB, names_at, len(names))
    offset, size = segment
    size = end if size is None else size
    header = b'\x7fELF' + bytes([file_class, 1, 1]) + b'\0' * 9
    header += struct.pack('<HHIQQQIHHHHHH', 2, machine, 1, BASE + code_at, EHDR_SIZE,
                          end if sections_at is None else sections_at, 0, EHDR_SIZE, PHDR_SIZE, 2,
                          SHDR_SIZE, len(sections) // SHDR_SIZE, 0)
    header += struct.pack('<IIQQQQQQ', PT_LOAD, 5, offset, BASE, BASE, size, size, 0x1000)
    header += struct.pack('<IIQQQQQQ', PT_NOTE, 4, note_at, BASE + note_at, BASE + note_at,
                          len(note), len(note), 4)
    return header + b''.join(parts) + sections


FILES = {
    'good': make(),
    'other-machine': make(machine=40),
    'class-32': make(file_class=1),
    'no-buckets': make(hash_table(buckets=0)),
    'huge-buckets': make(hash_table(buckets=0xffffffff)),
    'huge-bloom': make(hash_table(bloom_words=0xffffffff)),
    'bucket-before-first': make(hash_table(first=7)),
    'chain-without-end': make(hash_table(ends=False)),
    'name-outside': make(name_at=0xfffffff0),
    'note-too-long': make(note_size=0xffffffff),
    'segment-outside': make(segment=(0xfffffffffffff000, 0x2000)),
    'segment-wraps': make(segment=(0, 0xffffffffffffffff)),
    'link-outside': make(dynsym_link=99),
    'sections-outside': make(sections_at=0xffffffff0000),
}

for name, content in FILES.items():
    (CORPUS / name).write_bytes(content)
