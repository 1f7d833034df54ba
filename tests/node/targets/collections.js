// Collects garbage, as often as it is told.
//
//   collections.js churn           fills its heap, so that V8 collects when it sees fit
//   collections.js asked           has a worker; needs --expose-gc
//
// One JSON line on stdout says that it rests, in a blocking read of stdin. After that, each line
// "ISOLATE MAJOR MINOR", ISOLATE being 0 for the main one and 1 for the worker, asks for so many
// collections; a JSON line says that they are done.
'use strict';
const fs = require('fs');
const { Worker, isMainThread, parentPort } = require('worker_threads');

const CHURN_OBJECTS = 3000000, KEPT_MAX = 300000;

function churn() {
    let kept = [];
    for (let i = 0; i < CHURN_OBJECTS; i++) {
        kept.push({ i, text: 'x' + i });
        if (kept.length > KEPT_MAX)
            kept = kept.slice(KEPT_MAX / 2);
    }
}

function collect([major, minor]) {
    for (let i = 0; i < major; i++)
        gc();
    for (let i = 0; i < minor; i++)
        gc({ type: 'minor' });
}

const line = Buffer.alloc(64);

function rest() {
    fs.writeSync(1, '{}\n');
    const size = fs.readSync(0, line);
    if (size === 0)
        process.exit(0);
    return line.toString('latin1', 0, size).trim().split(' ').map(Number);
}

function serve(worker) {
    const [isolate, ...counts] = rest();
    if (isolate === 0)
        collect(counts);
    else
        worker.postMessage(counts);
    if (isolate === 0)
        setImmediate(serve, worker);
}

if (!isMainThread) {
    parentPort.on('message', (counts) => {
        collect(counts);
        parentPort.postMessage('done');
    });
    parentPort.postMessage('ready');
} else if (process.argv[2] === 'churn') {
    churn();
    rest();
} else {
    const worker = new Worker(__filename);
    worker.on('message', () => serve(worker));
}
