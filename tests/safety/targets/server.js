// An HTTP server and, with an argument, the load on it.
//
//   server.js             serves; announces itself and its port
//   server.js PORT        for every number read from stdin sends so many requests over kept
//                         connections and answers with how many came back right
'use strict';
const http = require('http');
const readline = require('readline');

const CONNECTIONS = 8;
const BODY = JSON.stringify({ items: Array.from({ length: 50 }, (_, i) => ({ i, s: `item ${i}` })) });

function serve() {
    const server = http.createServer((request, response) => {
        response.end(JSON.stringify(JSON.parse(BODY)));
    });
    server.listen(0, '127.0.0.1', () =>
        console.log(JSON.stringify({ pid: process.pid, port: server.address().port })));
    process.stdin.resume().on('end', () => process.exit());
}

function ask(agent, port) {
    return new Promise((resolve) => {
        http.get({ agent, port, host: '127.0.0.1' }, (response) => {
            let body = '';
            response.on('data', (data) => { body += data; });
            response.on('end', () => resolve(response.statusCode === 200 && body === BODY));
        }).on('error', () => resolve(false));
    });
}

async function load(port) {
    const agent = new http.Agent({ keepAlive: true, maxSockets: CONNECTIONS });
    console.log(JSON.stringify({ pid: process.pid }));
    for await (const line of readline.createInterface({ input: process.stdin })) {
        let left = Number(line), good = 0;
        await Promise.all(Array.from({ length: CONNECTIONS }, async () => {
            while (left-- > 0)
                if (await ask(agent, port)) good++;
        }));
        console.log(good);
    }
}

if (process.argv[2])
    load(Number(process.argv[2]));
else
    serve();
