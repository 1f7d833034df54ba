/*
 * heap-growth.js - a program that fills the JavaScript heap until V8 gives up
 *
 *     nodemem run -- node examples/heap-growth.js
 *
 * Each step keeps an array of 20 * 2^20 zeros, 160 MiB of heap, in a list that is never let go.
 * Sooner or later heapUsed reaches V8's heap limit and V8 ends the process: "JavaScript heap out
 * of memory", exit code 134. With a lower limit it is over sooner:
 *
 *     nodemem run -- node --max-old-space-size=1000 examples/heap-growth.js
 */
'use strict';

const MiB = 2 ** 20;
const LENGTH = 20 * MiB;
const PAUSE_MS = 20; // so that who watches sees each step

const kept = [];

function step() {
  kept.push(new Array(LENGTH).fill(0));
  const { rss, heapTotal, heapUsed } = process.memoryUsage();
  const show = (bytes) => `${(bytes / MiB).toFixed(0)} MiB`;
  console.log(`step ${kept.length}: rss ${show(rss)}, heapTotal ${show(heapTotal)}, ` +
    `heapUsed ${show(heapUsed)}`);
  setTimeout(step, PAUSE_MS);
}

step();
