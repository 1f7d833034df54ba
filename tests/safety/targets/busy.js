// Works without pause on everything that a stop of its threads could harm: timers, child processes,
// files, compression in other threads. Each answer is checked.
//
//   busy.js [MIB]      holds so much in small Buffers besides
//
// Announces itself; for every line read from stdin tells how much of each it has done, how many
// signals SIGUSR2 it got, what went wrong, and the longest time its event loop stood still since
// it was asked last. Ends with its stdin.
'use strict';
const { execFile } = require('child_process');
const crypto = require('crypto');
const fs = require('fs');
const os = require('os');
const path = require('path');
const readline = require('readline');
const zlib = require('zlib');
const { promisify } = require('util');

const PAUSE_MS = 2, TICK_MS = 1;
const BUFFER_BYTES = 700;

const done = { timers: 0, children: 0, files: 0, zlib: 0 };
const errors = [];
let signals = 0, longestMs = 0, last = process.hrtime();
const kept = [];

function tick() {
    const [seconds, nanoseconds] = process.hrtime(last);
    last = process.hrtime();
    longestMs = Math.max(longestMs, seconds * 1e3 + nanoseconds / 1e6);
    done.timers++;
}

const work = {
    async children(i) {
        const { stdout } = await promisify(execFile)('/bin/echo', [`child ${i}`]);
        return stdout === `child ${i}\n`;
    },
    async files(i) {
        const text = `file ${i} `.repeat(500);
        await fs.promises.writeFile(file, text);
        return await fs.promises.readFile(file, 'utf8') === text;
    },
    async zlib() {
        const data = crypto.randomBytes(20000);
        const packed = await promisify(zlib.gzip)(data);
        return data.equals(await promisify(zlib.gunzip)(packed));
    },
};

async function runForever(name) {
    try {
        for (let i = 0;; i++) {
            if (!await work[name](i))
                errors.push(`${name} ${i}: wrong`);
            done[name]++;
            await new Promise((resolve) => { setTimeout(resolve, PAUSE_MS); });
        }
    } catch (error) {
        errors.push(`${name}: ${error.message}`);
    }
}

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'busy-'));
const file = path.join(folder, 'file');
const count = Math.floor((Number(process.argv[2] || 0) << 20) / BUFFER_BYTES);
for (let i = 0; i < count; i++)
    kept.push(Buffer.allocUnsafeSlow(BUFFER_BYTES).fill(1));

process.on('SIGUSR2', () => { signals++; });
Object.keys(work).forEach(runForever);
last = process.hrtime();
setInterval(tick, TICK_MS);
readline.createInterface({ input: process.stdin }).on('line', () => {
    // Telling of what is kept, again and again, keeps it alive.
    const held = kept.length;
    fs.writeSync(1, JSON.stringify({ done, signals, errors, longestMs, held }) + '\n');
    longestMs = 0;
}).on('close', () => {
    fs.rmSync(folder, { recursive: true, force: true });
    process.exit();
});
fs.writeSync(1, JSON.stringify({ pid: process.pid, kept: kept.length }) + '\n');
