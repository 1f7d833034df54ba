// A process whose memory is taken by one known thing.
//
//   scenarios.js SCENARIO [FOLDER]
//
// One JSON line on stdout says that it is so. Then, for every byte read from stdin, a line with its
// own numbers: arrayBuffers of process.memoryUsage() summed over all isolates, and the spaces of
// the main heap. In between it rests in a blocking read. FOLDER holds the addons.
'use strict';
const crypto = require('crypto');
const fs = require('fs');
const path = require('path');
const v8 = require('v8');
const zlib = require('zlib');
const { once } = require('events');
const { promisify } = require('util');
const { Worker, isMainThread, workerData } = require('worker_threads');

const MIB = 1 << 20;
const kept = [];
const pause = new Int32Array(new SharedArrayBuffer(4));

// The same for every run.
let seed = 12345;
function random() {
    seed = (Math.imul(seed, 1103515245) + 12345) & 0x7fffffff;
    return seed / 0x80000000;
}

function keepBuffers(count, size) {
    for (let i = 0; i < count; i++)
        kept.push(Buffer.allocUnsafeSlow(typeof size === 'function' ? size(i) : size).fill(1));
}

// All but one in so many are dropped, and a thread of V8 gives them back to the C library.
function keepOneIn(count) {
    const few = kept.filter((_, i) => i % count === 0);
    kept.length = 0;
    for (const one of few)
        kept.push(one);
    for (let i = 0; i < 3; i++) {
        gc();
        Atomics.wait(pause, 0, 0, 100);
    }
}

function fragment() {
    keepBuffers(60000, () => 1 + Math.floor(random() * 8000));
    keepOneIn(10);
}

async function zip() {
    const data = crypto.randomBytes(200000);
    for (let i = 0; i < 150; i++) {
        const stream = zlib.createGzip();
        stream.on('data', () => {});
        stream.write(data);
        await new Promise((resolve) => { stream.flush(resolve); });
        kept.push(stream);
    }
    const gzip = promisify(zlib.gzip);
    await Promise.all(Array.from({ length: 40 }, () => gzip(data)));
}

async function draw() {
    const folder = path.join(process.argv[3], 'node_modules');
    const sharp = require(path.join(folder, 'sharp'));
    const { createCanvas } = require(path.join(folder, '@napi-rs/canvas'));
    const raw = { width: 1500, height: 1500, channels: 3 };
    const pixels = Buffer.alloc(raw.width * raw.height * raw.channels, 99);
    for (let i = 0; i < 6; i++)
        kept.push(await sharp(pixels, { raw }).resize(900 + i).png().toBuffer());
    for (let i = 0; i < 4; i++) {
        const canvas = createCanvas(1200, 1200);
        canvas.getContext('2d').fillRect(0, 0, 900, 900);
        kept.push(canvas);
    }
}

// The workers tell their number in shared memory: each waits until `turn` grows.
const WORKERS = 4;
const TURN = 0, RESTING = 1;
const shared = isMainThread ? new SharedArrayBuffer(8 + 8 * WORKERS) : workerData.shared;
const steps = new Int32Array(shared, 0, 2);
const told = new Float64Array(shared, 8, WORKERS);
let workers = 0;

const WORK = {
    workers() { keepBuffers(50, 100000); },
    // More than the 64 MiB that one heap of a thread's arena has room for.
    heaps() {
        keepBuffers(80000, (i) => 500 + i % 7 * 300);
        keepOneIn(5);
    },
};

function runWorker({ scenario, index }) {
    WORK[scenario]();
    for (let turn = 0;; turn++) {
        told[index] = process.memoryUsage().arrayBuffers;
        Atomics.add(steps, RESTING, 1);
        Atomics.notify(steps, RESTING);
        Atomics.wait(steps, TURN, turn);
    }
}

function waitForWorkers() {
    for (let resting; (resting = Atomics.load(steps, RESTING)) < workers;)
        Atomics.wait(steps, RESTING, resting);
}

async function startWorkers(scenario, count) {
    for (; workers < count; workers++) {
        const data = { shared, scenario, index: workers };
        await once(new Worker(__filename, { workerData: data }), 'online');
    }
    waitForWorkers();
}

function turnWorkers() {
    Atomics.store(steps, RESTING, 0);
    Atomics.add(steps, TURN, 1);
    Atomics.notify(steps, TURN);
    waitForWorkers();
}

const SCENARIOS = {
    idle() {},
    buffers() { keepBuffers(20, 10 * MIB); },
    small() { keepBuffers(200000, (i) => 200 + i % 7 * 100); },
    fragmented: fragment,
    // Some 110 MB of live objects.
    objects() {
        for (let i = 0; i < 1000000; i++)
            kept.push({ number: i, text: `${i} is kept` });
        gc();
    },
    zlib: zip,
    addons: draw,
    workers: () => startWorkers('workers', WORKERS),
    heaps: () => startWorkers('heaps', 2),
    wasm() {
        const memory = new WebAssembly.Memory({ initial: 800, maximum: 2000 });
        new Uint8Array(memory.buffer).fill(1, 0, 40 * MIB);
        const buffer = new SharedArrayBuffer(30 * MIB);
        new Uint8Array(buffer).fill(1);
        kept.push(memory, buffer);
    },
    // Buffers with a mapping of their own, which process.memoryUsage() knows of in old releases only.
    kinds() {
        const memory = new WebAssembly.Memory({ initial: 160, maximum: 320, shared: true });
        const room = { maxByteLength: 20 * MIB };
        for (const buffer of [memory.buffer, new ArrayBuffer(10 * MIB, room),
            new SharedArrayBuffer(10 * MIB, room)])
            kept.push(memory, new Uint8Array(buffer).fill(1));
    },
    // Of all kinds, for what is not about one.
    mixed() {
        keepBuffers(3, 10 * MIB);
        keepBuffers(20000, (i) => 200 + i % 7 * 100);
        for (let i = 0; i < 300000; i++)
            kept.push({ i, text: 'x' + i });
    },
};

// What it answers with is made once more before the first rest, so that it finds its room later.
function tell() {
    turnWorkers();
    const numbers = {
        arrayBuffers: process.memoryUsage().arrayBuffers + told.reduce((sum, one) => sum + one, 0),
        spaces: Object.fromEntries(v8.getHeapSpaceStatistics().map((space) =>
            [space.space_name, [space.space_used_size, space.space_size]])),
    };
    return JSON.stringify(numbers) + '\n';
}

async function main() {
    const scenario = process.argv[2];
    const byte = Buffer.alloc(1);
    await SCENARIOS[scenario]();
    tell();
    fs.writeSync(1, JSON.stringify({ pid: process.pid, scenario }) + '\n');
    while (fs.readSync(0, byte) === 1) {
        if (byte[0] === 0x67) // g: grow
            keepBuffers(3, 10 * MIB);
        fs.writeSync(1, tell());
    }
    process.exit(0);
}

if (isMainThread)
    main();
else
    runWorker(workerData);
