// A heap in which is known what holds what, which ArrayBuffers there are, and which texts are secret.
//
//   planted.js [without-wasm]      V8 reserves gigabytes for a memory of WebAssembly, which gdb writes out
//
// Announces itself with the secrets; then takes commands, a line each, and answers each with a line:
//   gc, numbers, snapshot FILE, crash, exhaust
//   churn             many collections
//   slices            makes small Buffers which keep slabs alive
//   external FOLDER   takes a Buffer of the addon sharp, which is in that folder
// In between it rests in a blocking read.
'use strict';
const crypto = require('crypto');
const fs = require('fs');
const path = require('path');
const v8 = require('v8');

const count = (length, make) => Array.from({ length }, (_, i) => make(i));

class Item {
    constructor(i) {
        this.i = i;
        this.name = `item ${i}`;
        this.tail = { length: i + 0.5, list: [i, i + 1] };
    }
}

class Pair {
    constructor(keys, table) {
        this.keys = keys;
        this.table = table;
    }
}

function makeWeak() {
    const table = new WeakMap(), keys = count(1000, (i) => new Item(i));
    for (const key of keys)
        table.set(key, { entry: key.i, data: [key.i, key.i] });
    return new Pair(keys, table);
}

function makeDictionary() {
    const dictionary = {};
    for (let i = 0; i < 3000; i++)
        dictionary[`key${i}`] = [i, i];
    for (let i = 0; i < 100; i++)
        delete dictionary[`key${i}`];
    return dictionary;
}

function makeClosure(i) {
    const captured = { i, text: `captured ${i}` };
    return () => captured;
}

// Each is held by its name in this object, and by nothing else.
class Planted {
    constructor() {
        this.keep = count(5000, (i) => new Item(i));
        this.map = new Map(count(5000, (i) => [i, { value: i }]));
        this.byName = new Map(count(2000, (i) => [`by name ${i}`, { value: i }]));
        this.byObject = new Map(count(2000, (i) => [{ key: i }, { value: i }]));
        this.set = new Set(count(5000, (i) => ({ member: i })));
        this.doubles = count(50000, (i) => i + 0.5);
        this.buffers = count(50, (i) => Buffer.alloc(100000 + i * 1000, i));
        this.typed = [new Float64Array(5000), new BigInt64Array(3001), new Uint8ClampedArray(777),
            new DataView(new ArrayBuffer(55555)), new ArrayBuffer(66666)];
        this.big = count(2000, (i) => BigInt(i + 2) ** 50n);
        this.dates = count(2000, (i) => new Date(i));
        this.symbols = count(1000, (i) => Symbol(`symbol ${i}`));
        this.weak = makeWeak();
        this.dictionary = makeDictionary();
        this.closures = count(2000, makeClosure);
        this.texts = count(1000, (i) => `\u4f60\u597d ${i} `.repeat(10 + i % 10).normalize());
        this.promises = count(1000, (i) => Promise.resolve({ promised: i }));
        this.expressions = count(300, (i) => new RegExp(`expression ${i}`));
        this.errors = count(200, (i) => new Error(`error ${i}`));
    }
}

class Session {
    constructor(body) {
        this.body = body;
    }
}

// Of each kind, with sizes that nothing else has.
const kinds = globalThis.kinds = {
    session: new Session(Buffer.alloc(151007)),
    sessions: new Map([['some user', new Session(Buffer.alloc(152003))]]),
    shared: new SharedArrayBuffer(200003),
    twice: [],
    part: new Uint8Array(new ArrayBuffer(160001), 1000, 50),
    captured: (() => { const inside = Buffer.alloc(153001); return () => inside; })(),
};
if (process.argv[2] !== 'without-wasm') {
    kinds.memory = new WebAssembly.Memory({ initial: 10, maximum: 20 });
    // Some V8 makes the ArrayBuffer of it when it is asked for.
    new Uint8Array(kinds.memory.buffer)[0] = 1;
}
// One memory, held in two ways.
kinds.twice.push(new Float64Array(20501));
kinds.twice.push(new Uint8Array(kinds.twice[0].buffer, 8, 100));

class Vault {
    #inside;
    constructor(text) {
        this.#inside = text;
    }
    open() {
        return this.#inside;
    }
}

function* hold(text) {
    yield text.length;
    return text;
}

const WAYS = {
    property: (text) => ({ text }),
    element: (text) => [text],
    mapKey: (text) => new Map([[text, 1]]),
    mapValue: (text) => new Map([[1, text]]),
    setElement: (text) => new Set([text]),
    wide: (text) => ({ wide: `\u4f60\u597d ${text}` }),
    joined: (text) => ({ joined: text + crypto.randomBytes(20).toString('hex') }),
    cut: (text) => ({ cut: `before the text: ${text} and behind it`.slice(3, -3) }),
    symbol: (text) => ({ symbol: Symbol(text) }),
    error: (text) => new Error(text),
    expression: (text) => new RegExp(text),
    captured: (text) => () => text,
    bound: (text) => hold.bind(null, text),
    weakValue: (text) => { const key = {}; return [key, new WeakMap([[key, { text }]])]; },
    wrapped: (text) => Object(text),
    promised: (text) => Promise.resolve(text),
    suspended: (text) => { const one = hold(text); one.next(); return one; },
    dictionary: (text) => Object.assign(Object.create(null), { a: text }),
    hidden: (text) => new Vault(text),
    address: (text) => new URL(`http://user:${text}@localhost/`),
    parsed: (text) => JSON.parse(`{"parsed": "${text}"}`),
    source: (text) => new Function(`return "${text}"`),
    long: (text) => ({ long: `${text} `.repeat(100) }),
};
const secrets = {};
const secretive = globalThis.secretive = [];
for (const [way, make] of Object.entries(WAYS)) {
    secrets[way] = `secret${crypto.randomBytes(12).toString('hex')}`;
    secretive.push(make(secrets[way]));
}

// Some of many are kept. Tells what of each slab is in them: [bytes, used, Buffers].
function cutSlices() {
    const kept = globalThis.slices = [];
    for (let i = 0; i < 8000; i++) {
        const slice = i % 2 ? Buffer.from('x'.repeat(100)) : Buffer.allocUnsafe(100);
        if (i % 8 < 2 && kept.length < 1000 && i % 80 < 40)
            kept.push(slice);
    }
    const slabs = new Map();
    for (const { buffer, length } of kept) {
        const slab = slabs.get(buffer) || [buffer.byteLength, 0, 0];
        slabs.set(buffer, [slab[0], slab[1] + length, slab[2] + 1]);
    }
    return { slices: kept.length, slabs: [...slabs.values()] };
}

async function takeExternal(folder) {
    const sharp = require(path.join(folder, 'node_modules', 'sharp'));
    const create = { width: 300, height: 300, channels: 3, background: 'red' };
    globalThis.external = await sharp({ create }).raw().toBuffer();
    return { bytes: globalThis.external.buffer.byteLength };
}

// What calls that returned have left on the stack would be roots to whoever does not know frames.
function clearStack(depth) {
    return depth ? clearStack(depth - 1) + 1 : 0;
}

// Collections that empty pages, which V8 keeps for later with all that was in them.
function churn() {
    const kept = [];
    for (let i = 0; i < 60000; i++) {
        const item = new Item(i);
        if (i % 3 === 0)
            kept.push(item);
        if (i % 20000 === 0)
            gc();
    }
    globalThis.churned = kept;
    gc();
    return { kept: kept.length };
}

const commands = {
    churn,
    gc() { gc(); gc(); clearStack(2000); return {}; },
    numbers() { return process.memoryUsage(); },
    snapshot(file) { v8.writeHeapSnapshot(file); return {}; },
    slices: cutSlices,
    external: takeExternal,
    crash() { process.abort(); },
    exhaust() { for (globalThis.list = [];;) globalThis.list.push(new Item(list.length)); },
};

function readLine() {
    const byte = Buffer.alloc(1);
    let line = '';
    while (fs.readSync(0, byte) === 1 && byte[0] !== 10)
        line += String.fromCharCode(byte[0]);
    return line;
}

async function main() {
    globalThis.planted = new Planted();
    fs.writeSync(1, JSON.stringify({ pid: process.pid, secrets }) + '\n');
    for (let line; (line = readLine());) {
        const [command, ...words] = line.split(' ');
        fs.writeSync(1, JSON.stringify(await commands[command](...words)) + '\n');
    }
}

main();
