// Holds MEGABYTES of memory of its own and writes to all of it, over and over.
//
//   writer.js MEGABYTES [rest]
//
// Announces itself; with "rest" it only holds it. Answers each line with "good" when all is as it was
// written.
'use strict';
const { createInterface } = require('readline');

const STEP = 4096, PIECE = 1 << 20;
const pieces = Array.from({ length: Number(process.argv[2]) }, () => Buffer.alloc(PIECE, 1));
let round = 1;

function writeAll() {
    round = (round + 1) % 256;
    for (const piece of pieces)
        for (let at = 0; at < PIECE; at += STEP) piece[at] = round;
    setImmediate(writeAll);
}

function isGood() {
    return pieces.every((piece) => piece[0] === round && piece[PIECE - STEP] === round);
}

createInterface({ input: process.stdin }).on('line', () => console.log(isGood() ? 'good' : 'bad'))
    .on('close', () => process.exit());
console.log(JSON.stringify({ pid: process.pid }));
if (process.argv[3] !== 'rest') writeAll();
