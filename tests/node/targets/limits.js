// Tells what Node itself knows of its limits, then waits; a line of input makes its heap, or
// that of its worker, grow until something ends it.
'use strict';
const fs = require('fs');
const os = require('os');
const v8 = require('v8');
const { Worker, isMainThread, parentPort } = require('worker_threads');

const limit = () => v8.getHeapStatistics().heap_size_limit;

const tell = (worker) => {
  const hello = {
    heapSizeLimit: limit(), worker, totalmem: os.totalmem(),
    constrained: process.constrainedMemory ? process.constrainedMemory() : null,
  };
  fs.writeSync(1, JSON.stringify(hello) + '\n');
  process.stdin.once('data', () => {
    const kept = [];
    for (;;) kept.push(new Array(1000).fill(kept.length));
  });
};

if (!isMainThread) {
  parentPort.postMessage(limit());
  setInterval(() => {}, 1000);
} else if (process.argv[2] === 'worker') {
  new Worker(__filename, { resourceLimits: { maxOldGenerationSizeMb: 77, maxYoungGenerationSizeMb: 6 } })
    .on('message', tell);
} else {
  tell(null);
}
