#!/usr/bin/env python3
"""Makes the seeds of corpus/core: `tests/fuzz/make-core.py` writes them anew.

Each is a core file of some kilobytes: two threads, a mapped program and a range of memory of its
own; all but the first with one thing wrong.
"""
import pathlib
import struct

CORPUS = pathlib.Path(__file__).resolve().parent / 'corpus' / 'core'
PAGE = 4096
PROGRAM, MEMORY = 0x400000, 0x7f0000000000
PT_LOAD, PT_NOTE, PN_XNUM = 1, 4, 0xffff
NT_PRSTATUS, NT_PRPSINFO, NT_AUXV, NT_FILE = 1, 3, 6, 0x46494c45
EHDR_SIZE, PHDR_SIZE = 64, 56


def note(kind, content, size=None):
    name = b'CORE\0\0\0\0'
    size = len(content) if size is None else size
    return struct.pack('<3I', 5, size, kind) + name + content + b'\0' * (-len(content) % 4)


def thread(number, sp, signal=6):
    status = bytearray(336)
    struct.pack_into('<h', status, 12, signal)
    struct.pack_into('<i', status, 32, number)
    struct.pack_into('<Q', status, 264, sp)
    return note(NT_PRSTATUS, bytes(status))


def process(pid=100, command=b'node app.js'):
    info = bytearray(136)
    struct.pack_into('<i', info, 24, pid)
    info[56:56 + len(command)] = command
    return note(NT_PRPSINFO, bytes(info))


def files(entries, count=None, names=None):
    names = b''.join(path + b'\0' for *_, path in entries) if names is None else names
    content = struct.pack('<QQ', len(entries) if count is None else count, PAGE)
    for start, end, offset, _ in entries:
        content += struct.pack('<QQQ', start, end, offset)
    return note(NT_FILE, content + names)


PROGRAM_FILE = [(PROGRAM, PROGRAM + 2 * PAGE, 0, b'/usr/bin/node')]
AUXV = note(NT_AUXV, struct.pack('<QQQQ', 9, PROGRAM + 64, 0, 0))
NOTES = process() + thread(100, MEMORY + PAGE) + AUXV + files(PROGRAM_FILE) + \
    thread(101, MEMORY + 64)


def pages():
    """Words, a page of zeros, words."""
    words = b''.join(struct.pack('<Q', word) for word in range(PAGE // 8))
    return words + b'\0' * PAGE + words


def make(notes=NOTES, machine=62, kind=4, segments=None, count=None, note_size=None):
    memory = pages()
    if segments is None:
        segments = [(5, None, PROGRAM, 0, 2 * PAGE), (6, 0, MEMORY, len(memory), len(memory))]
    count = len(segments) + 1 if count is None else count
    at = EHDR_SIZE + PHDR_SIZE * (len(segments) + 1)
    memory_at = at + len(notes)
    header = b'\x7fELF\2\1\1' + b'\0' * 9
    header += struct.pack('<HHIQQQIHHHHHH', kind, machine, 1, 0, EHDR_SIZE, 0, 0, EHDR_SIZE,
                          PHDR_SIZE, count, 0, 0, 0)
    header += struct.pack('<IIQQQQQQ', PT_NOTE, 4, at, 0, 0,
                          len(notes) if note_size is None else note_size, 0, 4)
    for flags, offset, address, size, whole in segments:
        header += struct.pack('<IIQQQQQQ', PT_LOAD, flags, memory_at + (offset or 0), address, 0,
                              size, whole, PAGE)
    return header + notes + memory


def with_notes(*notes):
    return make(b''.join(notes))


def with_segment(address=MEMORY, size=3 * PAGE, whole=3 * PAGE, offset=0):
    return make(segments=[(6, offset, address, size, whole)])


GOOD = make()
FILES = {
    'good': GOOD,
    'cut-in-memory': GOOD[:-PAGE - 100],
    'cut-in-notes': GOOD[:600],
    'cut-in-table': GOOD[:100],
    'no-notes': make(b''),
    'other-machine': make(machine=40),
    'program': make(kind=2),
    'too-many-segments': make(count=5000),
    'extended-count-without-section': make(count=PN_XNUM),
    'note-too-long': with_notes(note(NT_PRSTATUS, b'\0' * 8, 0xffffffff)),
    'note-too-short': with_notes(note(NT_PRSTATUS, b'\0' * 8), note(NT_PRPSINFO, b'\0' * 8)),
    'notes-larger-than-file': make(note_size=1 << 40),
    'many-files': with_notes(files(PROGRAM_FILE, 1 << 60)),
    'file-without-name': with_notes(files(PROGRAM_FILE * 3, names=b'/one')),
    'file-backwards': with_notes(files([(PAGE * 2, PAGE, 0, b'/x')])),
    'files-overlap': with_notes(files([(PAGE, PAGE * 9, 0, b'/x'), (PAGE * 2, PAGE * 3, 0, b'/y'),
                                       (PROGRAM - PAGE, PROGRAM + PAGE, 1 << 60, b'/z')])),
    'segment-wraps': with_segment(whole=(1 << 64) - PAGE),
    'segment-larger-in-file': with_segment(size=3 * PAGE, whole=PAGE),
    'segment-outside-file': with_segment(offset=1 << 50),
    'segment-of-kernel': with_segment(address=0xffffffffff600000, size=PAGE, whole=PAGE),
    'segment-not-of-pages': with_segment(address=MEMORY + 3, size=5000, whole=5001),
    'segments-overlap': make(segments=[(6, 0, MEMORY, PAGE, 2 * PAGE),
                                       (6, PAGE, MEMORY + PAGE, PAGE, PAGE)]),
    'segments-share-bytes': make(segments=[(6, 0, MEMORY + i * 3 * PAGE, 3 * PAGE, 3 * PAGE)
                                           for i in range(4)]),
}

if __name__ == '__main__':
    CORPUS.mkdir(exist_ok=True)
    for name, content in FILES.items():
        (CORPUS / name).write_bytes(content)
