// The same with a worker thread.
'use strict';

const { Worker } = require('worker_threads');

const worker = new Worker('setInterval(() => {}, 1000)', { eval: true });
worker.on('online', () => console.log(JSON.stringify({ pid: process.pid })));
process.stdin.on('end', () => process.exit(0)).resume();
