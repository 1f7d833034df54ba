// Workers that come and go: for every line read from stdin starts one, or with the line `end` ends
// the oldest, and answers with a line once that has happened.
'use strict';
const readline = require('readline');
const { once } = require('events');
const { Worker } = require('worker_threads');

const workers = [];

async function obey(line) {
    if (line === 'end') {
        await workers.shift().terminate();
    } else {
        workers.push(new Worker('setInterval(() => {}, 1e6)', { eval: true }));
        await once(workers[workers.length - 1], 'online');
    }
    console.log('done');
}

console.log(JSON.stringify({ pid: process.pid }));
readline.createInterface({ input: process.stdin }).on('line', obey).on('close', () => process.exit());
