// Buffers of a wanted total: for every 16 characters read from stdin, a number of bytes, allocates
// so much that process.memoryUsage().arrayBuffers becomes that number, answers with what it is,
// and rests in a blocking read.
'use strict';
const fs = require('fs');

const word = Buffer.alloc(16);
const buffers = [];

function tell(answer) {
    fs.writeSync(1, JSON.stringify(answer) + '\n');
}

tell({ pid: process.pid, total: process.memoryUsage().arrayBuffers });
while (fs.readSync(0, word) === word.length) {
    const more = Number(word.toString()) - process.memoryUsage().arrayBuffers;
    if (more > 0)
        buffers.push(new ArrayBuffer(more));
    tell(process.memoryUsage().arrayBuffers);
}
