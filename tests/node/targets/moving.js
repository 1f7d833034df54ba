// Allocates and collects without pause, and logs its own numbers about every 100 us.
//
//   moving.js LOG STOP
//
// Announces itself and goes on until the file STOP exists; then the log, raw doubles of
// [begin us, end us, heapTotal, heapUsed, external, arrayBuffers], goes to the file LOG.
'use strict';
const fs = require('fs');

const ENTRIES = 500000, WIDTH = 6, LOOK_EVERY = 500;
const log = new Float64Array(ENTRIES * WIDTH);
let logged = 0;

function microseconds([seconds, nanoseconds]) {
    return seconds * 1e6 + nanoseconds / 1e3;
}

function logNumbers() {
    const begin = process.hrtime();
    const memory = process.memoryUsage();
    const end = process.hrtime();
    log[logged++] = microseconds(begin);
    log[logged++] = microseconds(end);
    log[logged++] = memory.heapTotal;
    log[logged++] = memory.heapUsed;
    log[logged++] = memory.external;
    log[logged++] = memory.arrayBuffers;
}

const kept = [];
let buffers = [];

function churn(turn) {
    for (let i = 0; i < 150; i++)
        kept.push({ i, text: 'a' + i, pair: [i, i + 1] });
    if (turn % 400 === 0)
        kept.length = 0;
    if (turn % 50 === 0)
        buffers.push(new ArrayBuffer(100000));
    if (buffers.length > 50)
        buffers = [];
}

const [logFile, stopFile] = process.argv.slice(2);
for (let turn = 1; turn % LOOK_EVERY !== 0 || !fs.existsSync(stopFile); turn++) {
    churn(turn);
    if (turn % 2 === 0 && logged < log.length)
        logNumbers();
    // Warm by now: the caller may begin.
    if (turn === 3000)
        fs.writeSync(1, JSON.stringify({ pid: process.pid, node: process.version }) + '\n');
}
fs.writeFileSync(logFile, new Uint8Array(log.buffer, 0, logged * 8));
