// A server's ways to leak: an array of requests, a Map of sessions, listeners that are never removed; and a
// cache that is full from the start. For each line "turn [FILE]" it works for a while, writes a snapshot if
// there is a FILE, and says so.
'use strict';
const { EventEmitter } = require('events');
const v8 = require('v8');

const TURN = 500;

class LeakedRequest {
    constructor(i) {
        this.url = `/orders/${i}`;
        this.items = [{ id: i, price: i / 3 }];
    }
}

class LeakedSession {
    constructor(i) { this.user = `user ${i}`; }
}

class CachedPage {
    constructor(i) { this.text = `page ${i}`; }
}

const server = { log: [], sessions: new Map(), bus: new EventEmitter(), cache: [] };
globalThis.leakingServer = server;
server.bus.setMaxListeners(0);
let turns = 0;

function listen(i) {
    server.bus.on('tick', function onTick() { return i; });
}

function work() {
    for (let i = turns * TURN; i < (turns + 1) * TURN; i++) {
        server.log.push(new LeakedRequest(i));
        server.sessions.set(`session ${i}`, new LeakedSession(i));
        listen(i);
        server.cache[i % TURN] = new CachedPage(i);
    }
    turns++;
}

require('readline').createInterface({ input: process.stdin }).on('line', (line) => {
    work();
    gc();
    const file = line.split(' ')[1];
    if (file)
        v8.writeHeapSnapshot(file);
    console.log(JSON.stringify({ turns }));
});
console.log(JSON.stringify({ pid: process.pid }));
