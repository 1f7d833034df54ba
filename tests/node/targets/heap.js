// A heap of every kind of object. Says {"pid"}, then takes commands, a line each, and answers with a
// line: "gc", "snapshot FILE", "numbers".
'use strict';
const fs = require('fs');
const v8 = require('v8');
const count = +process.argv[2];

class Animal { constructor(i) { this.i = i; this.name = 'animal' + i; } }
class Dog extends Animal { constructor(i) { super(i); this.tail = { len: i * 1.5 }; } }
class Wolf extends Animal {}
function OldStyle(i) { this.a = i; this.b = [i, i + 1, { z: i }]; }
class Tagged { get [Symbol.toStringTag]() { return 'tagged'; } }
class Named { static name = 'AnotherName'; }
class Listed extends Array {}
class Mapped extends Map {}

const keep = globalThis.keep = [];
for (let i = 0; i < count; i++)
  keep.push(new Animal(i), new Dog(i), new OldStyle(i), () => i);
for (let i = 0; i < 500; i++)
  keep.push(new Wolf(i), new Tagged(), new Named(), Listed.from([i]), new Mapped([[i, {}]]));

const map = new Map(), set = new Set(), weak = new WeakMap(), weakSet = new WeakSet();
for (let i = 0; i < count; i++) { map.set('k' + i, { v: i }); set.add(i); }
for (let i = 0; i < 1000; i++) { weak.set(keep[i], { w: i }); weakSet.add(keep[i]); }
const dictionary = {};
for (let i = 0; i < 5000; i++) dictionary['key' + i] = [i];
for (let i = 0; i < 100; i++) delete dictionary['key' + i];
const doubles = [];
for (let i = 0; i < 50000; i++) doubles.push(i + 0.5);
function * generate() { yield 1; yield 2; }
async function wait() { await new Promise(() => {}); }
const generators = [], waiting = [], strings = [];
for (let i = 0; i < 200; i++) {
  const generator = generate();
  generator.next();
  generators.push(generator);
  waiting.push(wait());
  strings.push('long string number ' + i + ' and a tail', ('sliced ' + i).repeat(9).slice(3, 30),
    'zwei Bytes: \u4f60\u597d ' + i, String.fromCharCode(0xe4, i));
}
Object.assign(globalThis, { map, set, weak, weakSet, dictionary, doubles, generators, waiting, strings,
  buffers: Array.from({ length: 50 }, (_, i) => Buffer.alloc(100000 + i * 1000, 1)),
  views: [new Float64Array(1000), new Uint8Array(10), new DataView(new ArrayBuffer(555)),
    new BigInt64Array(3)],
  big: Array.from({ length: 200 }, (_, i) => BigInt(i) ** 50n),
  dates: Array.from({ length: 300 }, (_, i) => new Date(i)),
  promises: Array.from({ length: 300 }, () => new Promise(() => {})),
  symbols: Array.from({ length: 300 }, (_, i) => Symbol('symbol' + i)),
  expressions: Array.from({ length: 30 }, (_, i) => new RegExp('x' + i)),
  errors: Array.from({ length: 20 }, (_, i) => new Error('e' + i)),
  bound: Array.from({ length: 30 }, () => OldStyle.bind(null, 1)),
  wrapped: [Object(1), Object('s'), Object(true), Object(Symbol('s')), Object(2n)],
  prototypeless: Array.from({ length: 30 }, () => Object.create(null)),
  reference: new WeakRef(keep[5]), registry: new FinalizationRegistry(() => {}),
  args: (function () { return arguments; })(1, 2, 3) });

const commands = {
  gc() { globalThis.gc(); globalThis.gc(); return {}; },
  snapshot(file) { v8.writeHeapSnapshot(file); return {}; },
  numbers() { return process.memoryUsage(); },
};

function readLine() {
  const byte = Buffer.alloc(1);
  let line = '';
  while (fs.readSync(0, byte) === 1 && byte[0] !== 10) line += String.fromCharCode(byte[0]);
  return line;
}

console.log(JSON.stringify({ pid: process.pid }));
for (let line; (line = readLine());) {
  const [command, ...words] = line.split(' ');
  fs.writeSync(1, JSON.stringify(commands[command](...words)) + '\n');
}
