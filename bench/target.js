// A process to be measured: `small` as Node starts, `big` with a heap of 1.5 GB in many pages,
// `five` with four workers, `gigabyte` with 1 GB of everything. Announces itself, and then for each line from stdin tells the cost of
// its own process.memoryUsage(); in between it rests.
'use strict';
const fs = require('fs');
const { once } = require('events');
const { Worker, isMainThread } = require('worker_threads');

const WARM_CALLS = 3000, CALLS = 5000;
let kept = null;

function makeBig(count) {
    const arrays = [];
    for (let i = 0; i < count; i++)
        arrays.push(new Array(8 << 10).fill(i));
    return arrays;
}

function makeBuffers(count, size) {
    return Array.from({ length: count }, () => Buffer.allocUnsafeSlow(size).fill(1));
}

function sorted(numbers) {
    return Float64Array.from(numbers).sort();
}

// Microseconds of one call, the median: so a collection or another process does not count.
function costOf(call) {
    const times = new Float64Array(CALLS);
    for (let i = 0; i < WARM_CALLS; i++)
        call();
    for (let i = 0; i < CALLS; i++) {
        const begin = process.hrtime.bigint();
        call();
        times[i] = Number(process.hrtime.bigint() - begin) / 1000;
    }
    return sorted(times)[CALLS >> 1];
}

async function main(kind) {
    if (kind === 'big')
        kept = makeBig(17500);
    if (kind === 'gigabyte')
        kept = [...makeBig(5000), ...makeBuffers(40, 10 << 20), ...makeBuffers(350000, 700)];
    if (kind === 'five')
        for (let i = 0; i < 4; i++)
            await once(new Worker(__filename), 'online');
    const { heapTotal } = process.memoryUsage();
    fs.writeSync(1, JSON.stringify({ pid: process.pid, node: process.version, heapTotal,
        kept: kept && kept.length }) + '\n');
    while (fs.readSync(0, Buffer.alloc(1)) === 1)
        fs.writeSync(1, JSON.stringify({ memoryUsageUs: costOf(() => process.memoryUsage()) }) + '\n');
    process.exit(0);
}

if (isMainThread)
    main(process.argv[2]);
else
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
