// A heap in a chosen state, whose own numbers are told at the moment it comes to rest.
//
//   states.js STATE
//
// One JSON line on stdout says who this is. After that, for every line read from stdin: work
// until the state is reached, take the numbers, write them to stdout, and rest in a blocking read
// of stdin. Numbers go out as raw doubles from memory reserved before, because making text of
// them would change what they say. The state `loop` does not rest but spins for ever.
'use strict';
const fs = require('fs');
const v8 = require('v8');
const zlib = require('zlib');
const { once } = require('events');
const { Worker, isMainThread, workerData } = require('worker_threads');

const LONGEST_SETTLING = 50;
const SPACES = v8.getHeapSpaceStatistics().map((space) => space.space_name);
const ISOLATE_NUMBERS = ['rss', 'heapTotal', 'heapUsed', 'external', 'arrayBuffers',
    'heapSizeLimit'];
const SPACE_NUMBERS = ['size', 'used', 'available'];
const NUMBERS = ISOLATE_NUMBERS.length + SPACES.length * SPACE_NUMBERS.length;

function takeNumbers(out) {
    // Before 22 the spaces tell as used what is reserved for allocating next; from 22 on the
    // heap statistics give that back first. In this order both speak of the same moment.
    const heap = v8.getHeapStatistics();
    const spaces = v8.getHeapSpaceStatistics();
    const memory = process.memoryUsage();
    out[0] = memory.rss;
    out[1] = memory.heapTotal;
    out[2] = memory.heapUsed;
    out[3] = memory.external;
    out[4] = memory.arrayBuffers;
    out[5] = heap.heap_size_limit;
    let used = 0;
    for (let i = 0; i < spaces.length; i++) {
        out[6 + 3 * i] = spaces[i].space_size;
        out[7 + 3 * i] = spaces[i].space_used_size;
        out[8 + 3 * i] = spaces[i].space_available_size;
        used += spaces[i].space_used_size;
    }
    // False when memory was collected half-way.
    return heap.total_heap_size === memory.heapTotal && Math.abs(memory.heapUsed - used) < 8192;
}

// True when nothing but the new space, where the numbers themselves are made, has moved.
function isSame(a, b) {
    if (a[1] !== b[1] || a[3] !== b[3] || a[4] !== b[4])
        return false;
    for (let i = 0; i < SPACES.length; i++)
        if (SPACES[i] !== 'new_space' && a[7 + 3 * i] !== b[7 + 3 * i])
            return false;
    return true;
}

// After work, threads of V8 still compile what was hot and give free pages back to the system:
// wait until they have been quiet for a while.
const CALM_CALLS = 2000, CALM_BYTES = 64 << 10;
function waitForCalm() {
    let rss = process.memoryUsage.rss();
    for (let calls = 0; calls < CALM_CALLS; calls++) {
        const now = process.memoryUsage.rss();
        if (Math.abs(now - rss) > CALM_BYTES) {
            rss = now;
            calls = 0;
        }
    }
}

// Take the numbers until two readings agree. Between them the threads which free the memory of dead
// buffers, and which are not seen in rss, get the time to do it.
const SWEEPING_MS = 20;
const pause = new Int32Array(new SharedArrayBuffer(4));
const previous = new Float64Array(NUMBERS);
function settle(out) {
    for (let i = 0; i < LONGEST_SETTLING; i++) {
        previous.set(out);
        if (takeNumbers(out) && isSame(previous, out))
            return;
        Atomics.wait(pause, 0, 0, SWEEPING_MS);
    }
}

// Whatever runs from taking the numbers to coming to rest is compiled before, by many calls.
const WARM_CALLS = 3000;
function warmUp(out) {
    const nothing = fs.openSync('/dev/null', 'r+');
    const bytes = Buffer.from(out.buffer);
    for (let i = 0; i < WARM_CALLS; i++) {
        settle(out);
        fs.writeSync(nothing, bytes);
        fs.readSync(nothing, bytes);
    }
    fs.closeSync(nothing);
}

function makeObjects(count) {
    const objects = [];
    for (let i = 0; i < count; i++)
        objects.push({ i, text: 'x' + i, half: i * 1.5 });
    return objects;
}

function makeArrays(bytes, each) {
    const arrays = [];
    for (let made = 0; made < bytes; made += each)
        arrays.push(new Array(each / 8).fill(made));
    return arrays;
}

function makeFunctions(count) {
    const functions = [];
    for (let i = 0; i < count; i++) {
        functions.push(new Function('a', `return a + ${i} + Math.max(a, ${i});`));
        functions[i](i);
    }
    return functions;
}

let kept = null;
// None is ever dropped: a thread of V8 would free it at a moment of its own choice.
const buffers = [];

const STATES = {
    idle() {},
    allocating() {
        kept = makeObjects(20000 + Math.floor(Math.random() * 20000));
        buffers.push(Buffer.alloc(3 << 20, 1), new ArrayBuffer(1 << 20), Buffer.from('short'));
    },
    major() {
        kept = makeObjects(100000);
        kept = kept.slice(0, 1000);
        gc();
    },
    minor() {
        kept = makeObjects(20000);
        gc({ type: 'minor' });
    },
    workers() {
        kept = makeObjects(5000);
    },
    big() {
        // Half of it in pages of many objects, half in objects with pages of their own.
        kept = kept || [makeArrays(750 << 20, 64 << 10), makeArrays(750 << 20, 8 << 20)];
    },
    loop() {
        kept = makeObjects(20000);
        gc();
        for (let i = 0; i < WARM_CALLS; i++)
            spin(1000 * (1 + i % 2), 1 + i % 2);
    },
    functions() {
        kept = [makeFunctions(500), makeArrays(8 << 20, 1 << 20)];
    },
    zlib() {
        return new Promise((resolve) => {
            const streams = [];
            let open = 8;
            kept = streams;
            for (let i = 0; i < 8; i++) {
                streams.push(zlib.createDeflate());
                streams[i].on('data', () => {});
                streams[i].write(Buffer.alloc(100000, i));
                streams[i].flush(() => { if (--open === 0) resolve(); });
            }
        });
    },
};

// Spins without allocating until `left` is 0: for ever when `step` is 0.
function spin(left, step) {
    while (left !== 0)
        left -= step;
}

// Steps of the workers: each waits until `turn` grows, works, and counts itself in `resting`.
const TURN = 0, RESTING = 1;

function runWorker({ shared, numbers, objects }) {
    // The turns before 0 only make this loop itself warm.
    for (let turn = -WARM_CALLS;; turn++) {
        if (turn >= 0) {
            Atomics.wait(shared, TURN, turn);
            kept = makeObjects(objects);
            buffers.push(new ArrayBuffer(objects * 10));
            waitForCalm();
        }
        settle(numbers);
        if (turn >= 0) {
            Atomics.add(shared, RESTING, 1);
            Atomics.notify(shared, RESTING);
        }
    }
}

function startWorkers(count, shared) {
    const workers = [];
    for (let i = 1; i <= count; i++) {
        const numbers = new Float64Array(new SharedArrayBuffer(NUMBERS * 8));
        const worker = new Worker(__filename, { workerData: { shared, numbers, objects: 5000 * i } });
        workers.push({ worker, numbers });
    }
    return workers;
}

function runWorkers(workers, shared) {
    shared[RESTING] = 0;
    Atomics.add(shared, TURN, 1);
    Atomics.notify(shared, TURN);
    for (let resting; (resting = Atomics.load(shared, RESTING)) < workers.length;)
        Atomics.wait(shared, RESTING, resting);
}

async function main() {
    const state = process.argv[2];
    const shared = new Int32Array(new SharedArrayBuffer(8));
    const workers = state === 'workers' ? startWorkers(2, shared) : [];
    const all = new Float64Array(NUMBERS * (1 + workers.length));
    const own = all.subarray(0, NUMBERS);
    const bytes = Buffer.from(all.buffer);
    const line = Buffer.alloc(1);

    await Promise.all(workers.map(({ worker }) => once(worker, 'online')));
    fs.writeSync(1, JSON.stringify({ pid: process.pid, node: process.version, spaces: SPACES,
        isolateNumbers: ISOLATE_NUMBERS, spaceNumbers: SPACE_NUMBERS,
        isolates: 1 + workers.length }) + '\n');
    warmUp(own);
    while (fs.readSync(0, line) === 1) {
        await STATES[state]();
        runWorkers(workers, shared);
        waitForCalm();
        workers.forEach(({ numbers }, i) => all.set(numbers, NUMBERS * (i + 1)));
        settle(own);
        fs.writeSync(1, bytes);
        if (state === 'loop')
            spin(1, 0);
    }
    process.exit(0);
}

if (isMainThread)
    main();
else
    runWorker(workerData);
