#!/usr/bin/env python3
"""nodemem run with real Node releases: run.py NODEMEM [CACHE]

Waits for events and never for time; ends what it started by its pid. Exit code 77 when there is
no folder with Node releases.
"""
import errno
import fcntl
import json
import os
import pathlib
import pty
import random
import select
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import time

NODEMEM = sys.argv[1]
HERE = pathlib.Path(__file__).resolve().parent
EXAMPLES = HERE.parent.parent / 'examples'
CACHE = pathlib.Path(sys.argv[2] if len(sys.argv) > 2 and sys.argv[2] else
                     os.environ.get('NODEMEM_NODE_CACHE') or
                     pathlib.Path.home() / '.cache/nodemem/node')
LIMIT_S = 60  # nothing here takes as long; only against hanging

GROW = '''
const kept = [];
(function step() {
  for (let i = 0; i < 2; i++) kept.push(new Array(50000).fill(0).map((_, i) => ({ i })));
  setTimeout(step, 5);
})();
'''


def releases():
    lines = (HERE.parent / 'node' / 'versions.txt').read_text(encoding='utf-8').splitlines()
    versions = [line.split('#')[0].strip() for line in lines]
    return [CACHE / one for one in versions if one and (CACHE / one / 'bin/node').exists()]


NODES = releases() if CACHE.is_dir() else []
NODE = str(NODES[min(2, len(NODES) - 1)] / 'bin/node') if NODES else ''
SCRATCH = tempfile.TemporaryDirectory(prefix='nodemem-run-')


def scratch(name):
    return os.path.join(SCRATCH.name, name)


def run(*command, options=(), stdin=b'', **more):
    """nodemem run to its end: exit code, stdout, stderr, JSON lines."""
    file = scratch('out.json')
    done = subprocess.run([NODEMEM, 'run', f'--json={file}', *options, '--', *command],
                          input=stdin, capture_output=True, timeout=LIMIT_S, **more)
    with open(file, encoding='utf-8') as lines:
        documents = [json.loads(line) for line in lines]
    return done.returncode, done.stdout, done.stderr, documents


def expect(condition, *what):
    if not condition:
        raise AssertionError(' '.join(str(part) for part in what))


def expect_end(documents, **expected):
    end = documents[-1]
    expect(end['schema'] == 'nodemem/end/1', end)
    for key, value in expected.items():
        expect(end[key] == value, f'{key} is {end[key]!r}, not {value!r}:', end)
    return end


def wait_for(what, condition):
    begun = time.monotonic()
    while not condition():
        expect(time.monotonic() - begun < LIMIT_S, 'waited in vain for', what)
        time.sleep(0.005)


def is_alive(pid):
    try:
        with open(f'/proc/{pid}/stat', encoding='ascii', errors='replace') as stat:
            return stat.read().rpartition(')')[2].split()[0] not in 'ZX'
    except FileNotFoundError:
        return False


def start(*command, **more):
    return subprocess.Popen([NODEMEM, 'run', '--', *command], **more)


# ---- ends ----------------------------------------------------------------------------------

def each_release_dies_at_its_heap_limit():
    for release in NODES:
        node = str(release / 'bin/node')
        code, _, err, documents = run(node, '--max-old-space-size=64', '-e', GROW)
        end = expect_end(documents, cause='v8-heap-limit', exitCode=134, signal='SIGABRT')
        expect(code == 134, release.name, code)
        expect(60 << 20 < end['heapSizeLimit'] < 300 << 20, release.name, end)
        expect(end['heapUsed'] > 40 << 20, release.name, end)
        expect(end['lastGcs'] and end['lastGcs'][-1]['beforeMb'] > 50, release.name, end)
        # "Mark-sweep", "Incremental Mark-Compact (reduce)", ...; V8 cuts what it prints to 512
        # bytes, so that a "Scavenge" or "Scavenge (reduce)" may be all that is left.
        kind = end['lastGcs'][-1]['kind']
        expect('Mark-' in kind or kind.startswith('Scavenge'), release.name, end)
        expect('--max-old-space-size=' in end['advice'], release.name, end)
        samples = [one for one in documents if one['schema'] == 'nodemem/usage/1']
        expect(len(samples) >= 3, release.name, 'only', len(samples), 'samples')
        expect(samples[0]['node'] == 'v' + release.name, samples[0])
        # A sample inside a collection repeats the last one's numbers; the peak does not.
        expect(end['processes'][0]['peakHeapUsed'] > samples[0]['heapUsed'], release.name, end)
        expect('timeMs' in samples[0] and 'uptimeMs' in samples[0], samples[0])
        expect('isolates' not in samples[0], samples[0])
        expect(b'JavaScript heap out of memory' in err, err)
        expect(err.rindex(b'nodemem: ') > err.index(b'FATAL ERROR'), 'the report comes last')
        expect(b'its JavaScript heap was full' in err, err)


def samples_go_on_after_the_start():
    for release in NODES:
        _, _, _, documents = run(str(release / 'bin/node'), '-e', 'setTimeout(() => {}, 600)',
                                 options=['-i', '50ms'])
        samples = [one for one in documents if one['schema'] == 'nodemem/usage/1']
        expect(len(samples) >= 5 and samples[-1]['heapUsed'] > 1 << 20, release.name, len(samples),
               samples[-1])


def exit_codes_are_the_commands():
    for wanted in 0, 1, 7, 255:
        code, _, _, documents = run(NODE, '-e', f'process.exitCode = {wanted}')
        expect(code == wanted, code)
        expect_end(documents, cause='exit', exitCode=wanted, signal=None, lastGcs=[])


def a_signal_from_outside_ends_it():
    for number in signal.SIGTERM, signal.SIGKILL:
        code, _, _, documents = run(NODE, '-e', f'process.kill(process.pid, {int(number)}); '
                                    'setInterval(() => {}, 1000)')
        expect(code == 128 + number, code)
        expect_end(documents, cause='signal', exitCode=128 + number, signal=number.name)


def commands_that_cannot_start_have_a_shells_codes():
    plain = scratch('plain')
    pathlib.Path(plain).write_text('text', encoding='ascii')
    for command, wanted in (('no-such-command-here', 127), (scratch('none'), 127), (plain, 126)):
        done = subprocess.run([NODEMEM, 'run', '--json', '--', command], capture_output=True,
                              timeout=LIMIT_S)
        expect(done.returncode == wanted, command, done.returncode)
        expect(done.stderr.startswith(b'nodemem: cannot start '), done.stderr)
        expect('error' in json.loads(done.stdout), done.stdout)


def wrong_usage_is_2():
    for words in ([], ['-i', '1ms', '--', 'true'], ['--nonsense', '--', 'true']):
        done = subprocess.run([NODEMEM, 'run', *words], capture_output=True, timeout=LIMIT_S)
        expect(done.returncode == 2, words, done.returncode)


def a_command_that_is_no_node_just_runs():
    code, out, err, documents = run('sh', '-c', 'echo out; echo err >&2; exit 3')
    expect((code, out) == (3, b'out\n'), code, out)
    expect(err.startswith(b'err\n'), err)
    expect(b'sh ended with exit code 3' in err and b'no Node.js process' in err, err)
    expect(len(documents) == 1, documents)
    expect_end(documents, cause='exit', exitCode=3, heapUsed=None, processes=[])


def off_heap_growth_is_explained():
    script = scratch('off-heap.js')
    text = (EXAMPLES / 'off-heap-growth.js').read_text(encoding='utf-8')
    pathlib.Path(script).write_text(text.replace('200 * MiB', '20 * MiB'), encoding='utf-8')
    code, _, err, documents = run(NODE, '--max-old-space-size=64', script)
    end = expect_end(documents, cause='exit', exitCode=0)
    expect(code == 0, code, end)
    # The last steps may come and go between two samples.
    expect(end['processes'][0]['peakArrayBuffers'] > end['heapSizeLimit'], end)
    expect(end['processes'][0]['peakHeapTotal'] < 64 << 20, end)
    expect('Buffers live outside of it' in end['reason'], end)
    expect(b'past V8\'s heap limit' in err, err)


# ---- what the command sees -----------------------------------------------------------------

def output_passes_byte_for_byte():
    script = ('const b = Buffer.alloc(3 << 20); for (let i = 0; i < b.length; i++) b[i] = i * 7 + '
              '(i >> 9); const fs = require("fs"); '
              'const put = (fd) => { let at = 0; while (at < b.length) { try { '
              'at += fs.writeSync(fd, b, at) } catch (e) { if (e.code !== "EAGAIN") throw e } } }; '
              'put(1); put(2)')
    plain = subprocess.run([NODE, '-e', script], capture_output=True, timeout=LIMIT_S)
    # -i: no row comes before the first bytes but the first one, so compare from the end's side
    code, out, err, _ = run(NODE, '-e', script, options=['-q'])
    expect(code == 0 and out == plain.stdout, 'stdout differs')
    report = err.rindex(b'\nnodemem: ')
    expect(err[:report].rstrip(b'\n') == plain.stderr.rstrip(b'\n'), 'stderr differs')


def stdin_is_the_commands():
    data = random.Random(1).randbytes(1 << 20)
    code, out, _, _ = run(NODE, '-e', 'process.stdin.pipe(process.stdout)', stdin=data)
    expect(code == 0 and out == data, 'stdin does not reach the command whole')


def with_terminal(command, act=None):
    """Run under a pseudo-terminal of 101 columns; returns the exit code and what it showed. `act`
    is a text and what to do with the terminal once that is shown."""
    pid, master = pty.fork()
    if pid == 0:
        subprocess.run(['stty', 'cols', '101', 'rows', '33'], check=False)
        os.execv(NODEMEM, [NODEMEM, 'run', '--', *command])
    shown = b''
    begun = time.monotonic()
    while True:
        ready = select.select([master], [], [], LIMIT_S)[0]
        if not ready or time.monotonic() - begun > LIMIT_S:
            os.close(master)  # which ends the command by SIGHUP
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            raise AssertionError(f'it does not end: {shown}')
        try:
            part = os.read(master, 65536)
        except OSError as problem:
            expect(problem.errno == errno.EIO, problem)
            break
        if not part:
            break
        shown += part
        if act and act[0] in shown:
            act[1](master)
            act = None
    os.close(master)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), shown


def a_terminal_stays_one():
    script = ('console.log("%s %s %s", JSON.stringify([0, 1, 2].map(require("tty").isatty)), '
              '`${process.stderr.columns}`, `${process.stdout.columns}`); '
              'console.error("a\\nb")')
    code, shown = with_terminal([NODE, '-e', script])
    expect(code == 0 and b'[true,true,true] 101 101' in shown, code, shown)
    expect(b'a\r\nb\r\n' in shown and b'\r\r' not in shown, shown)


def a_new_size_of_the_terminal_arrives():
    script = ('console.log("ready"); const wait = setInterval(() => { '
              'if (process.stderr.getWindowSize()[0] === 77) { '
              'clearInterval(wait); console.log("it is 77") } }, 5)')
    size = struct.pack('HHHH', 33, 77, 0, 0)
    code, shown = with_terminal([NODE, '-e', script], (
        b'ready', lambda terminal: fcntl.ioctl(terminal, termios.TIOCSWINSZ, size)))
    expect(code == 0 and b'it is 77' in shown, code, shown)


def ctrl_c_reaches_the_command_once():
    script = ('let n = 0; process.on("SIGINT", () => { n++; setTimeout(() => { '
              'console.log("got " + n); process.exit(9) }, 300) }); '
              'setInterval(() => {}, 1000); console.log("ready")')
    code, shown = with_terminal([NODE, '-e', script], (b'ready', lambda terminal: os.write(terminal, b'\x03')))
    expect(code == 9 and b'got 1' in shown, code, shown)


def a_pipe_is_no_terminal():
    _, out, _, _ = run(NODE, '-e', 'console.log(require("tty").isatty(2))')
    expect(out == b'false\n', out)


def signals_are_passed_on():
    names = ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGUSR2', 'SIGQUIT']
    for name in names:
        script = (f'process.on("{name}", () => {{ console.log("got {name}"); process.exit(5) }}); '
                  'setInterval(() => {}, 1000); console.log("ready")')
        child = start(NODE, '-e', script, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        expect(child.stdout.readline() == b'ready\n', name)
        child.send_signal(getattr(signal, name))
        expect(child.stdout.read() == f'got {name}\n'.encode(), name)
        expect(child.wait(LIMIT_S) == 5, name)
    child = start(NODE, '-e', 'setInterval(() => {}, 1000); console.log("ready")',
                  stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    child.stdout.readline()
    child.send_signal(signal.SIGTERM)
    err = child.communicate(timeout=LIMIT_S)[1]
    expect(child.returncode == 143 and b'passed it on' in err, child.returncode, err)


def mask_and_dispositions_are_inherited():
    show = 'grep -E "^Sig(Blk|Ign)" /proc/self/status'
    prepare = 'import signal, os; ' \
              'signal.signal(signal.SIGHUP, signal.SIG_IGN); ' \
              'signal.signal(signal.SIGPIPE, {}); ' \
              'signal.signal(signal.SIGCHLD, {}); ' \
              'signal.pthread_sigmask(signal.SIG_SETMASK, [signal.SIGUSR1, signal.SIGWINCH]); '
    for pipe, child in (('SIG_IGN', 'SIG_DFL'), ('SIG_DFL', 'SIG_IGN')):
        text = prepare.format('signal.' + pipe, 'signal.' + child)
        outputs = []
        for words in (['sh', '-c', show], [NODEMEM, 'run', '-q', '--', 'sh', '-c', show]):
            code = text + f'os.execvp({words[0]!r}, {words!r})'
            outputs.append(subprocess.run([sys.executable, '-c', code], capture_output=True,
                                          timeout=LIMIT_S).stdout)
        expect(outputs[0] == outputs[1] and outputs[0], *outputs)


# ---- never harm ----------------------------------------------------------------------------

def killing_nodemem_does_not_harm_the_command():
    script = scratch('chatter.js')
    pathlib.Path(script).write_text('''
const fs = require('fs');
const [, , done] = process.argv;
fs.writeFileSync(done + '.pid', String(process.pid));
let left = 400;
(function step() {
  console.error('line ' + left + ' ' + 'x'.repeat(left % 7 * 300));
  if (--left) setTimeout(step, 1); else fs.writeFileSync(done, 'to the end');
})();
''', encoding='ascii')
    chance = random.Random(7)
    for turn in range(8):
        done = scratch(f'done-{turn}')
        with open(scratch('log'), 'wb') as log:
            child = start(NODE, script, done, stdout=subprocess.DEVNULL, stderr=log)
            time.sleep(chance.random() * 0.4)  # not a wait: the moment is to be any
            child.kill()
            child.wait(LIMIT_S)
        wait_for('the pid of the command', lambda: os.path.exists(done + '.pid'))
        wait_for('the command to come to its end', lambda: os.path.exists(done))
        pid = int(pathlib.Path(done + '.pid').read_text(encoding='ascii'))
        wait_for('the command to go', lambda: not is_alive(pid))
        wait_for('all lines to be passed on', lambda: b'line 1 ' in
                 pathlib.Path(scratch('log')).read_bytes())


def a_grandchild_with_stderr_does_not_hold_us_up():
    script = ('const c = require("child_process").spawn("sleep", ["1000"], '
              '{ detached: true, stdio: ["ignore", "ignore", "inherit"] }); '
              'console.log(c.pid); c.unref()')
    with open(scratch('log'), 'wb') as log:
        child = start(NODE, '-e', script, stdout=subprocess.PIPE, stderr=log)
        pid = int(child.stdout.readline())
        try:
            expect(child.wait(LIMIT_S) == 0, child.returncode)
            expect(is_alive(pid), 'the grandchild lives')
            expect(b'ended normally' in pathlib.Path(scratch('log')).read_bytes(), 'no report')
        finally:
            os.kill(pid, signal.SIGKILL)


def a_closed_stderr_looks_closed_to_the_command():
    ours, theirs = os.pipe()
    os.close(ours)
    script = ('process.stderr.on("error", (e) => { console.log(e.code); process.exit(4) }); '
              'setInterval(() => process.stderr.write("x"), 1)')
    child = start(NODE, '-e', script, stdout=subprocess.PIPE, stderr=theirs)
    os.close(theirs)
    expect(child.stdout.read() == b'EPIPE\n', 'the command does not see it')
    expect(child.wait(LIMIT_S) == 4, child.returncode)


# ---- several processes ---------------------------------------------------------------------

def a_node_below_a_shell_is_followed():
    code, _, _, documents = run('sh', '-c', f'{NODE} -e "setTimeout(() => {{}}, 300)"; exit 6')
    end = expect_end(documents, cause='exit', exitCode=6)
    expect(code == 6 and len(end['processes']) == 1, end)
    expect(end['processes'][0]['samples'] >= 1, end)


def a_shells_exit_code_still_tells_the_death():
    code, _, _, documents = run('sh', '-c', f'{NODE} --max-old-space-size=64 -e "$0"; exit 1',
                                GROW)
    end = expect_end(documents, cause='v8-heap-limit', exitCode=1, signal=None)
    expect(code == 1 and 'NODE_OPTIONS=--max-old-space-size=' in end['advice'], end)
    expect(end['pid'] == end['processes'][0]['pid'], end)


def cluster_workers_are_told_apart():
    script = scratch('cluster.js')
    pathlib.Path(script).write_text('''
const cluster = require('cluster');
if (cluster.isMaster) {
  let left = 2;
  cluster.on('exit', (w, code, signal) => { if (signal) process.exitCode = 3; left--; });
  cluster.fork({ WHAT: 'grow' });
  cluster.fork({ WHAT: 'wait' });
} else if (process.env.WHAT === 'grow') {
''' + GROW + '''
} else {
  setTimeout(() => process.exit(0), 1000);
}
''', encoding='ascii')
    code, _, err, documents = run(NODE, script,
                                  env={**os.environ, 'NODE_OPTIONS': '--max-old-space-size=64'})
    end = expect_end(documents, cause='v8-heap-limit', exitCode=3)
    expect(code == 3 and len(end['processes']) == 3, end)
    expect(end['pid'] != end['processes'][0]['pid'], 'it was a worker', end)
    pids = {one['pid'] for one in documents[:-1]}
    expect(len(pids) == 3, pids)
    for pid in pids:
        expect(f'cluster[{pid}'[:14].encode() in err or str(pid).encode() in err, pid, err)
    expect(f'process {end["pid"]}, died: '.encode() in err, err)


TESTS = [
    each_release_dies_at_its_heap_limit,
    samples_go_on_after_the_start,
    exit_codes_are_the_commands,
    a_signal_from_outside_ends_it,
    commands_that_cannot_start_have_a_shells_codes,
    wrong_usage_is_2,
    a_command_that_is_no_node_just_runs,
    off_heap_growth_is_explained,
    output_passes_byte_for_byte,
    stdin_is_the_commands,
    a_terminal_stays_one,
    a_new_size_of_the_terminal_arrives,
    ctrl_c_reaches_the_command_once,
    a_pipe_is_no_terminal,
    signals_are_passed_on,
    mask_and_dispositions_are_inherited,
    killing_nodemem_does_not_harm_the_command,
    a_grandchild_with_stderr_does_not_hold_us_up,
    a_closed_stderr_looks_closed_to_the_command,
    a_node_below_a_shell_is_followed,
    a_shells_exit_code_still_tells_the_death,
    cluster_workers_are_told_apart,
]


def main():
    if not NODES:
        print(f'no Node releases in {CACHE}')
        return 77
    failed = 0
    for test in TESTS:
        if len(sys.argv) > 3 and test.__name__ not in sys.argv[3:]:
            continue
        begun = time.monotonic()
        try:
            test()
            print(f'ok      {test.__name__} ({time.monotonic() - begun:.1f} s)', flush=True)
        except (AssertionError, OSError, ValueError, LookupError,
                subprocess.TimeoutExpired) as problem:
            failed += 1
            print(f'FAILED  {test.__name__}: {problem}', flush=True)
    SCRATCH.cleanup()
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
