// A busy HTTP server which leaks by the clock: `server.js MIB_PER_SECOND`. Says on stdout when it began to leak,
// after it has warmed up for a moment; it is its own client, over 127.0.0.1.
'use strict';

const http = require('http');

const rate = Number(process.argv[2]) * 2 ** 20;
const LEAKED = 1024; // bytes that one leaked array takes, its header included
const ELEMENTS = LEAKED / 8 - 2 - 2; // two words of the JSArray's elements, four of itself: pointers are whole words
const WARM_UP_MS = 1000;
const SESSIONS = 150;
const CLIENTS = 4;

const kept = [];
const sessions = [];
let leaked = 0;
let served = 0;
let begun = 0;

function leak() {
  const owed = begun ? rate * (Date.now() - begun) / 1000 : 0;
  for (; leaked < owed; leaked += LEAKED) kept.push(new Array(ELEMENTS).fill(served));
}

// Each request leaves a session behind, which is dropped some requests later: garbage of the old generation.
function serve(request, response) {
  const session = [];
  for (let i = 0; i < 40; i++) session.push({ id: served++, items: new Array(100).fill(i), url: request.url });
  sessions.push(session);
  if (sessions.length > SESSIONS) sessions.shift();
  leak();
  response.end('ok');
}

const server = http.createServer(serve);

server.listen(0, '127.0.0.1', () => {
  const { port } = server.address();
  const agent = new http.Agent({ keepAlive: true });
  const ask = () => http.get({ host: '127.0.0.1', port, agent, path: `/${served}` }, (response) => {
    response.resume().on('end', () => setTimeout(ask, 1));
  });
  for (let i = 0; i < CLIENTS; i++) ask();
  setTimeout(() => {
    begun = Date.now();
    console.log(JSON.stringify({ begun }));
  }, WARM_UP_MS);
});
