// An HTTP server with a heap of its own, for images to be taken of.
//
//   frozen.js OBJECTS
//
// GET /       a sum over a part of its objects, which it changes in passing
// GET /child  what a child process says
// GET /check  "whole" when every object is as it should be
'use strict';
const http = require('http');
const { execFile } = require('child_process');

const SLICE = 1000;
const count = Number(process.argv[2]);
const marker = `still image ${process.hrtime.bigint()}`;
const objects = Array.from({ length: count }, (_, i) => ({ i, twice: [i, 2 * i], text: `object ${i}` }));
let turns = 0;

function isWhole({ i, twice, text }) {
    return twice[0] === i && twice[1] === 2 * i && text === `object ${i}`;
}

function touch() {
    let sum = 0;
    for (let k = 0; k < SLICE; k++) {
        const i = (turns * SLICE + k) % count;
        objects[i] = { i, twice: [i, 2 * i], text: `object ${i}` };
        sum += objects[i].twice[1] - objects[i].i - i;
    }
    turns++;
    return String(sum);
}

const answers = {
    '/': (respond) => respond(touch()),
    '/child': (respond) => execFile('/bin/sh', ['-c', 'echo $((6*7))'],
        (error, out) => respond(error ? `failed: ${error.message}` : out.trim())),
    '/check': (respond) => respond(objects.every(isWhole) ? 'whole' : 'broken'),
};

const server = http.createServer((request, response) =>
    answers[request.url]((text) => response.end(text)));
server.listen(0, '127.0.0.1', () =>
    console.log(JSON.stringify({ pid: process.pid, port: server.address().port, marker })));
process.stdin.resume().on('end', () => process.exit());
