// Run inside a Node.js binary whose V8 is not known: changes one thing of the heap after another,
// prints its own numbers as a line of JSON, and waits for a byte before the next step.
'use strict';
const v8 = require('v8');
const fs = require('fs');
const zlib = require('zlib');
const keep = [];
const byte = Buffer.alloc(1);

const objects = (count) => {
  const array = [];
  for (let i = 0; i < count; i++) array.push({ i });
  keep.push(array);
};
const functions = (count) => {
  for (let i = 0; i < count; i++)
    keep.push(new Function('a', `function q${i}(){return a+${i}} return q${i}()+a*${i}`));
  for (const f of keep.slice(-count)) f(1);
};
// Collections asked for so far; others may have come of themselves, but not in a step that has them alone.
const asked = { major: 0, minor: 0, alone: false };
const collect = (major, minor) => {
  for (let i = 0; i < major; i++) globalThis.gc();
  for (let i = 0; i < minor; i++) globalThis.gc({ type: 'minor' });
  asked.major += major;
  asked.minor += minor;
};
const collectAlone = (major, minor) => {
  asked.alone = true;
  collect(major, minor);
};
const steps = [
  () => {},
  () => {},
  () => objects(40000),
  () => keep.push(new ArrayBuffer(1234567), Buffer.alloc(2345678)),
  () => keep.push(new Array(300000).fill(1.5), 'y'.repeat(1000) + keep.length),
  () => functions(60),
  () => { objects(60000); collect(1, 0); },
  () => keep.push(new ArrayBuffer(777777), new Array(100000).fill(0)),
  // Memory of the addon kind, which V8 counts apart from its buffers.
  () => { const deflate = zlib.createDeflate({ memLevel: 9 }); deflate.write('abc'); keep.push(deflate); },
  // Less than before: tells a size from the largest size so far.
  () => { keep.length = 0; collect(2, 0); },
  // There is too little in the heap now for V8 to collect of itself.
  () => collectAlone(3, 0),
  () => collectAlone(1, 4),
  () => collectAlone(0, 2),
  () => objects(22000),
  () => objects(25000),
];

const numbers = () => ({
  versions: process.versions,
  usage: process.memoryUsage(),
  heap: v8.getHeapStatistics(),
  spaces: v8.getHeapSpaceStatistics(),
  collections: asked,
});
const text = () => JSON.stringify(numbers()) + '\n';

for (let i = 0; i < 5; i++) text();
for (const step of steps) {
  asked.alone = false;
  step();
  text();
  const line = text();
  fs.writeSync(1, line);
  if (fs.readSync(0, byte, 0, 1) === 0) process.exit(1);
}
