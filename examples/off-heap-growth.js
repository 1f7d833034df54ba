/*
 * off-heap-growth.js - a program whose memory grows far past V8's heap limit, and which lives
 *
 *     nodemem run -- node --max-old-space-size=100 examples/off-heap-growth.js
 *
 * Each of 15 steps keeps a Buffer of 200 MiB, filled. Buffers live outside the JavaScript heap:
 * rss, external and arrayBuffers grow to 3000 MiB, heapTotal stays at a few MiB, and no
 * --max-old-space-size, however low, has a say in it. Needs some 3.2 GiB of free memory.
 */
'use strict';

const MiB = 2 ** 20;
const SIZE = 200 * MiB;
const STEPS = 15;
const PAUSE_MS = 20; // so that who watches sees each step

const kept = [];

function step() {
  // Filled, as memory that was never written to is not in rss.
  kept.push(Buffer.alloc(SIZE, 1));
  const { rss, heapTotal, arrayBuffers } = process.memoryUsage();
  const show = (bytes) => `${(bytes / MiB).toFixed(0)} MiB`;
  console.log(`step ${kept.length}: rss ${show(rss)}, heapTotal ${show(heapTotal)}, ` +
    `arrayBuffers ${show(arrayBuffers)}`);
  if (kept.length < STEPS)
    setTimeout(step, PAUSE_MS);
}

step();
