#!/usr/bin/env python3
"""Real deaths of real Node releases, and whether each cause is named: deaths.py NODEMEM [CACHE [DEATH...]]

Each release dies in each way below once, under nodemem run. Then the cause is asked three times: of
the run, of the stderr that was saved from it, with and without the prefixes of loggers, and of the
diagnostic report that Node wrote. Exit code 77 when there is no folder with Node releases.
"""
import concurrent.futures
import json
import os
import pathlib
import resource
import signal
import subprocess
import sys
import tempfile
import time

NODEMEM = os.path.abspath(sys.argv[1])
HERE = pathlib.Path(__file__).resolve().parent
CACHE = pathlib.Path(sys.argv[2] if len(sys.argv) > 2 and sys.argv[2] else
                     os.environ.get('NODEMEM_NODE_CACHE') or
                     pathlib.Path.home() / '.cache/nodemem/node')
GROUPS = pathlib.Path('/sys/fs/cgroup/memory')
OLDEST = 18  # 16 writes no report for some of these
LIMIT_S = 60  # nothing here takes as long; only against hanging
MIB = 1 << 20

SMALL = 'const k = []; for (;;) { const a = []; for (let i = 0; i < 1000; i++) a.push({ i }); k.push(a) }'
LARGE = 'const k = []; for (;;) k.push(new Array(500000).fill(1.5))'
WORKER = ('const { Worker } = require("worker_threads"); '
          'new Worker("const k = []; for (;;) k.push({ a: [1] })", '
          '{ eval: true, resourceLimits: { maxOldGenerationSizeMb: 20 } })')
CAUGHT_WORKER = WORKER + '.on("error", (e) => process.exit(7))'
TABLE = 'const a = new Array(25e6).fill(0); Object.defineProperty(a, 0, { get() {} })'
LENGTH = 'new Array(-1)'
BUFFER = 'Buffer.alloc(1e9)'
BUFFERS = ('process.stdin.once("data", () => { const k = []; '
           'for (;;) k.push(Buffer.alloc(20e6, 1)) })')
SCRIPT = 'eval("[" + "1,".repeat(3e7) + "]")'
HANDLE = 'console.log(process.pid); setInterval(() => {}, 1000)'

HEAP, OTHER, EXIT, SIGNAL, CGROUP = ('v8-heap-limit', 'v8-other-oom', 'exit', 'signal', 'cgroup-oom')


class Death:
    """A way to die. `cause` is that of the run, `log` and `report` what those can tell; None: that
    there was no death. The part is in the reason or the evidence of each."""

    def __init__(self, name, cause, code, flags=(), end=None, log=None, report='none', part='',
                 room=0, sent=None, group=0):
        self.name, self.cause, self.code, self.flags = name, cause, code, list(flags)
        self.end, self.log, self.report, self.part = end, log, report, part
        self.room = room    # bytes of address space beyond what the process has at its start
        self.sent = sent    # a signal from outside, once it has written a line
        self.group = group  # bytes, of a control group made for it

    def command(self):
        return [*self.flags, '-e', self.code]


DEATHS = [
    Death('many small objects', HEAP, SMALL, ['--max-old-space-size=40'], signal.SIGABRT, HEAP, HEAP,
          'many small objects'),
    Death('few large arrays', HEAP, LARGE, ['--max-old-space-size=40'], signal.SIGABRT, HEAP, HEAP,
          'few large arrays'),
    Death('--max-heap-size', HEAP, SMALL, ['--max-heap-size=60'], signal.SIGABRT, HEAP, HEAP),
    Death('a worker at its resourceLimits', HEAP, WORKER, [], 1, HEAP, HEAP, 'ERR_WORKER_OUT_OF_MEMORY'),
    Death('a worker whose error is caught', EXIT, CAUGHT_WORKER, [], 7),
    Death('invalid table size', OTHER, TABLE, [], signal.SIGABRT, OTHER, OTHER),
    Death('no memory for a script', OTHER, SCRIPT, [], signal.SIGABRT, OTHER, room=300 * MIB),
    Death('no memory for a Buffer', EXIT, BUFFER, [], 1, EXIT, EXIT, 'Buffer', room=300 * MIB),
    Death('invalid array length', EXIT, LENGTH, [], 1, EXIT, EXIT, 'RangeError: Invalid array length'),
    Death('an error', EXIT, 'throw new TypeError("of mine")', [], 1, EXIT, EXIT, 'TypeError: of mine'),
    Death('a rejection', EXIT, 'Promise.reject(new Error("no luck"))', [], 1, EXIT, EXIT,
          'Error: no luck'),
    Death('--abort-on-uncaught-exception', SIGNAL, 'throw new TypeError("of mine")',
          ['--abort-on-uncaught-exception'], signal.SIGTRAP, SIGNAL, part='TypeError: of mine'),
    Death('abort()', SIGNAL, 'process.abort()', [], signal.SIGABRT, SIGNAL),
    Death('exit code 0', EXIT, '0', [], 0),
    Death('exit code 3', EXIT, 'process.exit(3)', [], 3),
    Death('SIGSEGV', SIGNAL, 'process.kill(process.pid, "SIGSEGV"); setInterval(() => {}, 1000)', [],
          signal.SIGSEGV),
    Death('SIGKILL', SIGNAL, HANDLE, [], signal.SIGKILL, sent=signal.SIGKILL),
    Death('SIGTERM', SIGNAL, HANDLE, [], signal.SIGTERM, sent=signal.SIGTERM),
    Death('a report on a signal', SIGNAL,
          'process.kill(process.pid, "SIGUSR2"); const fs = require("fs"); '
          'setInterval(() => { if (fs.readdirSync(process.report.directory).length) '
          'console.log(process.pid) }, 5)',
          ['--report-on-signal'], signal.SIGTERM, report=None, sent=signal.SIGTERM),
    Death('a control group at its limit', CGROUP, BUFFERS, [], signal.SIGKILL, log=None, group=120 * MIB),
]

# What loggers write before each line.
PREFIXES = {
    'journald': 'Nov 28 13:41:48 web1 node[4121]: ',
    'docker compose': 'web-1  | ',
    'kubernetes': '2026-11-28T13:41:48.123456789Z stderr F ',
    'pm2': '0|app  | 2026-11-28T13:41:48: ',
    'syslog and colours': '<3>2026-11-28T13:41:48+00:00 web1 app[web.1]: \x1b[31m',
}


def releases():
    lines = (HERE.parent / 'node' / 'versions.txt').read_text(encoding='utf-8').splitlines()
    versions = [line.split('#')[0].strip() for line in lines]
    return [one for one in versions
            if one and int(one.split('.')[0]) >= OLDEST and (CACHE / one / 'bin/node').exists()]


def expect(condition, *what):
    if not condition:
        raise AssertionError(' '.join(str(part) for part in what))


def wait_for(what, condition):
    begun = time.monotonic()
    while not condition():
        expect(time.monotonic() - begun < LIMIT_S, 'waited in vain for', what)
        time.sleep(0.005)


def address_space(node):
    """Bytes of address space that the release has at its start."""
    script = 'process.stdout.write(require("fs").readFileSync("/proc/self/statm", "latin1"))'
    done = subprocess.run([node, '-e', script], capture_output=True, timeout=LIMIT_S, check=True)
    return int(done.stdout.split()[0]) * resource.getpagesize()


def why(source, data=None):
    """The document of nodemem why, and its exit code."""
    done = subprocess.run([NODEMEM, 'why', '--json', str(source)], input=data, capture_output=True,
                          timeout=LIMIT_S)
    expect(done.returncode in (0, 1) and not done.stderr, source, done.returncode, done.stderr)
    document = json.loads(done.stdout)
    expect(document['schema'] == 'nodemem/why/1', document)
    expect((done.returncode == 0) == bool(document['deaths']), done.returncode, document)
    return document


def expect_cause(what, document, cause, part=''):
    deaths = document['deaths']
    if cause is None:
        expect(not deaths, what, 'tells of', deaths)
        return
    expect(len(deaths) == 1, what, 'tells of', len(deaths), 'deaths, not one:', document)
    expect(deaths[0]['cause'] == cause, what, 'names', deaths[0]['cause'], 'and not', cause, deaths[0])
    expect(deaths[0]['evidence'] and deaths[0]['reason'], what, 'has no evidence', deaths[0])
    expect(part in deaths[0]['reason'] or part in str(deaths[0]['evidence']), what, 'lacks', part,
           deaths[0])


class Group:
    """A control group with a limit, for as long as the block runs; none for 0 bytes."""

    def __init__(self, limit):
        self.limit = limit
        self.path = GROUPS / f'nodemem-deaths-{os.getpid()}'

    def __enter__(self):
        if self.limit:
            self.path.mkdir()
            (self.path / 'memory.limit_in_bytes').write_text(str(self.limit))
        return self

    def __exit__(self, *_):
        if self.limit:
            self.path.rmdir()

    def prefix(self):
        """The words that start a command in there."""
        if not self.limit:
            return []
        return ['sh', '-c', f'echo $$ > {self.path}/cgroup.procs; exec "$@"', 'sh']


def why_no_groups():
    """Why control groups cannot be made here; None when they can."""
    try:
        with Group(100 * MIB):
            return None
    except OSError as problem:
        return f'no control group of version 1 can be made: {problem}'


def die(death, node, folder, room):
    """The death under nodemem run; the JSON of its end, and its stderr."""
    reports = folder / 'reports'
    reports.mkdir()
    end = folder / 'end.json'
    prepare = 'ulimit -c 0; ' + (f'ulimit -v {room // 1024}; ' if room else '')
    with Group(death.group) as group:
        command = ['sh', '-c', prepare + 'exec "$@"', 'sh', NODEMEM, 'run', '-q', f'--json={end}',
                   '--', *group.prefix(), node, '--report-on-fatalerror',
                   '--report-uncaught-exception', f'--report-directory={reports}', *death.command()]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE) as child:
            if death.sent:
                os.kill(int(child.stdout.readline()), death.sent)
            if death.group:
                # From the second sample on nodemem knows the group that the command went to.
                wait_for(f'a second sample: {end}', lambda: end.exists() and
                         end.read_bytes().count(b'\n') >= 3)
            _, err = child.communicate(b'\n', timeout=LIMIT_S)
    return json.loads(end.read_text(encoding='utf-8').splitlines()[-1]), err


def check_logs(death, err):
    """stderr as it is, and as loggers write it down."""
    expect_cause('the log', why('-', err), death.log, death.part if death.log != HEAP else '')
    for name, prefix in PREFIXES.items():
        lines = ''.join(prefix + line + '\n' for line in err.decode(errors='replace').splitlines())
        expect_cause(f'the log of {name}', why('-', lines.encode()), death.log)


def check_reports(death, folder):
    reports = sorted((folder / 'reports').glob('*.json'))
    if death.report == 'none':
        return
    expect(len(reports) == 1, 'reports:', reports)
    document = why(reports[0])
    expect(document['kind'] == 'report', document)
    expect_cause('the report', document, death.report, death.part)
    if death.report is None:
        expect('signal' in document['note'], document)
        return
    # As far as it goes, when it is cut behind the numbers of the heap.
    data = reports[0].read_bytes()
    document = why('-', data[:data.index(b'"uvthreadResourceUsage"')])
    expect_cause('the report, cut,', document, death.report)
    expect('cut at line' in document['note'], document)


def check_kernel_log(end):
    done = subprocess.run(['dmesg'], capture_output=True, timeout=LIMIT_S)
    if done.returncode != 0:
        return
    found = [one for one in why('-', done.stdout)['deaths'] if one['pid'] == end['pid']]
    expect(found and found[0]['cause'] == CGROUP, 'the kernel log names', found)
    expect(found[0]['peakRss'] > 50 * MIB, found)
    # After many kills within seconds the kernel leaves the details out.
    details = [line for line in done.stdout.decode(errors='replace').splitlines()
               if 'oom_memcg=/nodemem-deaths-' in line and f'pid={end["pid"]},' in line]
    expect(not details or '/nodemem-deaths-' in found[0]['reason'], found)


def check(death, version):
    node = str(CACHE / version / 'bin/node')
    room = address_space(node) + death.room if death.room else 0
    with tempfile.TemporaryDirectory(prefix='nodemem-deaths-') as scratch:
        folder = pathlib.Path(scratch)
        end, err = die(death, node, folder, room)
        expect(end['cause'] == death.cause, 'run names', end['cause'], 'and not', death.cause, end)
        if isinstance(death.end, signal.Signals):
            # V8 may end itself in either way where no memory is left.
            ends = {death.end.name, 'SIGTRAP'} if death.room else {death.end.name}
            expect(end['signal'] in ends, end)
        else:
            expect(end['signal'] is None and end['exitCode'] == death.end, end)
        expect(end['evidence'], 'run has no evidence', end)
        if death.log != HEAP:
            expect(death.part in str(end['reason']) or death.part in str(end['evidence']), end)
        check_logs(death, err)
        check_reports(death, folder)
        if death.group:
            check_kernel_log(end)


def run_one(job):
    death, version = job
    begun = time.monotonic()
    try:
        check(death, version)
        return True, f'ok      {version} {death.name} ({time.monotonic() - begun:.1f} s)'
    except (AssertionError, OSError, ValueError, LookupError, subprocess.SubprocessError) as problem:
        return False, f'FAILED  {version} {death.name}: {problem}'


def main():
    versions = releases() if CACHE.is_dir() else []
    if not versions:
        print(f'no Node releases in {CACHE}')
        return 77
    wanted = [one for one in DEATHS if not sys.argv[3:] or one.name in sys.argv[3:]]
    no_groups = why_no_groups()
    if no_groups:
        wanted = [one for one in wanted if not one.group]
        print(f'skipped a control group at its limit: {no_groups}')
    # Those of a control group one after another: what the kernel counts is of all.
    alone = [(one, version) for one in wanted if one.group for version in versions]
    jobs = [(one, version) for one in wanted if not one.group for version in versions]
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(max_workers=2) as pool:
        for is_ok, line in list(pool.map(run_one, jobs)) + [run_one(job) for job in alone]:
            failed += not is_ok
            print(line, flush=True)
    print(f'{len(jobs) + len(alone)} deaths, {failed} not named rightly')
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
