// A server with prom-client in it: says {"pid", "port"}, and tells its numbers at /metrics.
'use strict';
const http = require('http');
const client = require(process.argv[2]);

client.collectDefaultMetrics();
const server = http.createServer(async (request, answer) => {
    answer.setHeader('Content-Type', client.register.contentType);
    answer.end(await client.register.metrics());
});
server.listen(0, '127.0.0.1', () => console.log(JSON.stringify({ pid: process.pid, port: server.address().port })));
