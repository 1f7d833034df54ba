// Says who it is, then does nothing until its stdin closes.
'use strict';

process.stdin.on('end', () => process.exit(0)).resume();
console.log(JSON.stringify({ pid: process.pid }));
