// Holds memory of several kinds, and ends as it is told: with a line from stdin it exits or aborts.
'use strict';
const fs = require('fs');
const { once } = require('events');
const { Worker, isMainThread } = require('worker_threads');

const kept = [];

function fill() {
    for (let i = 0; i < 20000; i++)
        kept.push(Buffer.allocUnsafeSlow(200 + i % 7 * 100).fill(1), { i, text: 'x' + i });
}

async function main() {
    const byte = Buffer.alloc(1);
    fill();
    await once(new Worker(__filename), 'online');
    fs.writeSync(1, JSON.stringify({ pid: process.pid, kept: kept.length }) + '\n');
    fs.readSync(0, byte);
    if (byte[0] === 0x61) // a
        process.abort();
    process.exit(0);
}

if (isMainThread)
    main();
else
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
