// A shop of packages from npm, served by express: orders are made, kept, grouped and rendered.
//
//   app.js FOLDER
//
// FOLDER holds the packages. GET /orders/N answers a page, GET /stop an empty one; after that no more
// is served, and it takes commands, a line each, with an answer: gc, snapshot FILE.
'use strict';
const fs = require('fs');
const path = require('path');
const v8 = require('v8');

const [express, ejs, _] = ['express', 'ejs', 'lodash'].map((name) =>
    require(path.join(process.argv[2], 'node_modules', name)));

const KEPT = 5000;
const page = ejs.compile('order <%= order.id %>: <% for (const [kind, lines] of groups) { %>' +
    '<%= lines.length %> <%= kind %> <% } %>');

class Line {
    constructor(order, i) {
        this.kind = ['books', 'pens', 'cups'][(order + i) % 3];
        this.price = order + i / 4;
        this.seen = new Date(order * 1000);
    }
}

class Order {
    constructor(id) {
        this.id = id;
        this.lines = Array.from({ length: 4 }, (_unused, i) => new Line(id, i));
        this.note = Buffer.from(`note of ${id}`);
        this.total = () => _.sumBy(this.lines, 'price');
    }
}

const orders = new Map();
const app = express();
app.set('etag', 'strong');
app.use(express.json(), express.urlencoded({ extended: true }));
app.get('/orders/:id', (request, response) => {
    const order = new Order(Number(request.params.id));
    orders.set(orders.size % KEPT, order);
    response.send(page({ order, groups: _.entries(_.groupBy(order.lines, 'kind')) }));
});
app.get('/stop', (request, response) => {
    response.end();
    server.close(obey);
    server.closeIdleConnections();
});

const commands = {
    gc() { gc(); gc(); return { orders: orders.size }; },
    snapshot(file) { v8.writeHeapSnapshot(file); return {}; },
};

function readLine() {
    const byte = Buffer.alloc(1);
    let line = '';
    while (fs.readSync(0, byte) === 1 && byte[0] !== 10)
        line += String.fromCharCode(byte[0]);
    return line;
}

function obey() {
    for (let line; (line = readLine());) {
        const [command, ...words] = line.split(' ');
        fs.writeSync(1, JSON.stringify(commands[command](...words)) + '\n');
    }
    process.exit();
}

const server = app.listen(0, '127.0.0.1', () =>
    fs.writeSync(1, JSON.stringify({ pid: process.pid, port: server.address().port }) + '\n'));
