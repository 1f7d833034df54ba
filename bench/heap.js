// A heap of some size, of which V8 writes a snapshot when asked.
//
//   heap.js MEGABYTES
//
// A line on its standard input: snapshot FILE. Answers how long that took, in milliseconds.
'use strict';
const v8 = require('v8');

class Item {
    constructor(i) {
        this.id = i;
        this.name = `item ${i}`;
        this.tags = [i, i + 1, String(i % 97)];
        this.next = { at: i };
    }
}

const wanted = Number(process.argv[2]) * 1e6;
// Of the whole process, or they would be garbage once this script has run.
const items = globalThis.items = [];
while (process.memoryUsage().heapUsed < wanted)
    for (let i = 0; i < 10000; i++)
        items.push(new Item(items.length));
global.gc();

require('readline').createInterface({ input: process.stdin }).on('line', (line) => {
    const begun = process.hrtime.bigint();
    v8.writeHeapSnapshot(line.split(' ')[1]);
    console.log(JSON.stringify({ ms: Number(process.hrtime.bigint() - begun) / 1e6 }));
});
console.log(JSON.stringify({ pid: process.pid, heapUsed: process.memoryUsage().heapUsed, items: items.length }));
