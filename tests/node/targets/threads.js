// A main thread and two workers, each with objects of a class of its own; says {"pid"} when all stand.
'use strict';
const { Worker, isMainThread, parentPort } = require('worker_threads');

class OfWorker { constructor(i) { this.i = i; } }
class OfMain { constructor(i) { this.i = i; } }
const make = (Class, count) => Array.from({ length: count }, (_, i) => new Class(i));

if (isMainThread) {
  globalThis.keep = make(OfMain, 5000);
  let ready = 0;
  for (let i = 0; i < 2; i++)
    new Worker(__filename).on('message', () => {
      if (++ready === 2) console.log(JSON.stringify({ pid: process.pid }));
    });
} else {
  globalThis.keep = make(OfWorker, 7000);
  parentPort.postMessage('ready');
}
setInterval(() => {}, 1e6);
