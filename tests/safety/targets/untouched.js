// Holds much memory that was never touched and some that was, rests, and at the end says whether
// the latter is as it was.
'use strict';
const fs = require('fs');
const untouched = [Buffer.allocUnsafeSlow(512 << 20), new SharedArrayBuffer(512 << 20)];
const touched = Buffer.alloc(16 << 20, 'nodemem');
const before = Buffer.from(touched);
const byte = Buffer.alloc(1);

for (let i = 0; i < 1000; i++)
    process.memoryUsage();
fs.writeSync(1, JSON.stringify({ pid: process.pid, untouched: untouched.length }) + '\n');
while (fs.readSync(0, byte, 0, 1) === 1)
    fs.writeSync(1, touched.equals(before) ? 'same\n' : 'changed\n');
