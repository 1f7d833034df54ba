// The live page of `nodemem serve` in a real browser: right numbers, alive, and clear when something is not.
'use strict';
const assert = require('assert');
const fs = require('fs');
const http = require('http');
const path = require('path');
const { spawn, execFileSync } = require('child_process');
const { cache, folder, nodemem, run } = require('../report/harness.js');

const TARGETS = path.join(__dirname, '..', 'node', 'targets');
const NODE = path.join(cache, '22.23.3', 'bin', 'node');
const NODEMEM = process.env.NODEMEM || path.join(__dirname, '..', '..', 'build', 'src', 'nodemem');
const TOKEN = '0123456789abcdef-of-the-tests';
const started = new Set();
process.on('exit', () => started.forEach((child) => child.kill('SIGKILL')));

// Bytes of a stream, as many as are wanted or up to a line break.
class Reader {
    constructor(stream) {
        this.bytes = Buffer.alloc(0);
        stream.on('data', (part) => {
            this.bytes = Buffer.concat([this.bytes, part]);
            this.check && this.check();
        });
        stream.on('end', () => this.fail && this.fail(new Error(`it ended after ${this.bytes}`)));
    }

    take(length) {
        return new Promise((resolve, reject) => {
            this.fail = reject;
            this.check = () => {
                const wanted = length();
                if (wanted < 0 || this.bytes.length < wanted)
                    return;
                const taken = this.bytes.subarray(0, wanted);
                this.bytes = this.bytes.subarray(wanted);
                this.check = this.fail = null;
                resolve(taken);
            };
            this.check();
        });
    }

    line() {
        return this.take(() => this.bytes.indexOf('\n') + 1 || -1).then(String);
    }
}

function start(program, words, stream) {
    const environment = Object.fromEntries(Object.entries(process.env)
        .filter(([name]) => !name.startsWith('OTEL_') && !name.startsWith('NODE_')));
    const child = spawn(program, words.map(String), {env: environment,
        stdio: ['pipe', stream === 'stdout' ? 'pipe' : 'ignore', stream === 'stderr' ? 'pipe' : 'inherit']});
    started.add(child);
    child.reader = new Reader(child[stream]);
    child.ended = new Promise((resolve) => child.on('exit', (code) => {
        started.delete(child);
        resolve(code);
    }));
    return child;
}

// A process that has said its first line.
async function target(script, ...flags) {
    const child = start(NODE, [...flags, ...script], 'stdout');
    child.hello = JSON.parse(await child.reader.line());
    return child;
}

// One that rests, and its own numbers.
async function resting() {
    const child = await target([path.join(TARGETS, 'states.js'), 'idle']);
    const {isolateNumbers, spaceNumbers, spaces} = child.hello;
    for (let i = 0; i < 3; i++) {
        child.stdin.write('\n');
        const bytes = await child.reader.take(() => 8 * (isolateNumbers.length + spaceNumbers.length * spaces.length));
        child.numbers = Object.fromEntries(isolateNumbers.map((name, at) => [name, bytes.readDoubleLE(8 * at)]));
    }
    return child;
}

async function serve(...words) {
    const listen = words.includes('--listen') ? [] : ['--listen', '127.0.0.1:0'];
    const child = start(NODEMEM, ['serve', ...listen, ...words], 'stderr');
    [, child.url] = /serving on (http:\S+)/.exec(await child.reader.line());
    return child;
}

async function stop(...children) {
    for (const child of children) {
        child.kill();
        await child.ended;
    }
}

// A page that hears from the server, which is all that it asks.
async function open(browser, server, wait = 'yes') {
    const page = await (await browser.chromium.newContext({viewport: {width: 1280, height: 900}, timezoneId: 'UTC'})).newPage();
    page.problems = [];
    page.on('console', (message) => page.problems.push(`${message.type()}: ${message.text()}`));
    page.on('pageerror', (error) => page.problems.push(error.stack));
    page.on('dialog', (dialog) => page.problems.push(`dialog: ${dialog.message()}`));
    page.on('request', (request) => {
        if (!request.url().startsWith(server.url) && !request.url().startsWith('data:'))
            page.problems.push(`asks for ${request.url()}`);
    });
    await page.goto(server.url);
    if (wait)
        await page.waitForFunction(() => document.documentElement.dataset.ready === 'yes');
    return page;
}

const inPage = (page, pid) => page.waitForSelector(`#process[data-pid="${pid}"]`);
const number = (page, name) => page.$eval(`#numbers-now [data-number="${name}"] data`, (node) => Number(node.value));
const connection = (page, state) =>
    page.waitForFunction((wanted) => document.documentElement.dataset.connection === wanted, state);

// {status, text}, by a client that may say anything.
function request(server, method, where, headers = {}) {
    return new Promise((resolve, reject) => {
        http.request(new URL(where, server.url), {method, headers}, (answer) => {
            let text = '';
            answer.setEncoding('utf8').on('data', (part) => text += part)
                .on('end', () => resolve({status: answer.statusCode, headers: answer.headers, text}));
        }).on('error', reject).end();
    });
}

const tests = {
    async 'it shows the numbers that the process tells of itself'(browser) {
        const one = await resting();
        const server = await serve(one.pid);
        const page = await open(browser, server);
        await inPage(page, one.pid);
        const usage = JSON.parse(nodemem('usage', String(one.pid), '--json'));
        for (const name of ['heapTotal', 'external', 'arrayBuffers'])
            assert.strictEqual(await number(page, name), one.numbers[name], name);
        for (const name of ['rss', 'heapUsed'])
            assert.strictEqual(await number(page, name), usage[name], name);
        const cells = await page.$$eval(`#fleet tr[data-pid="${one.pid}"] data`, (nodes) => nodes.map((node) => Number(node.value)));
        assert.deepStrictEqual(cells, ['rss', 'heapTotal', 'heapUsed', 'external', 'arrayBuffers'].map((name) => usage[name]));
        await page.waitForSelector('#limit-table');
        const limits = JSON.parse(nodemem('limits', String(one.pid), '--json')).limits.filter((limit) => limit.limit !== null);
        const shown = await page.$$eval('#limit-table tbody tr', (rows) => rows.map((row) =>
            [row.cells[0].firstChild.firstChild.textContent, row.cells[1].textContent, Number(row.cells[2].firstChild.value)]));
        assert.deepStrictEqual(shown, limits.map((limit) => [limit.name, limit.scope, limit.limit]));
        assert.deepStrictEqual(page.problems, []);
        await stop(server, one);
    },

    async 'it is alive: numbers move and curves grow, and the pointer stays where it is'(browser) {
        const leak = await target([path.join(__dirname, 'targets', 'leak.js')]);
        const server = await serve(leak.pid);
        const page = await open(browser, server);
        await inPage(page, leak.pid);
        const rows = () => page.evaluate(() => nodemem.page.process.samples.rows);
        const first = await rows(), before = await number(page, 'heapUsed');
        await page.waitForFunction((least) => nodemem.page.process.samples.rows > least, first + 2);
        assert.notStrictEqual(await number(page, 'heapUsed'), before);
        const curve = await page.evaluate(() => {
            const {lines} = nodemem.page.process.charts;
            return {left: parseFloat(lines.line.style.left), width: lines.plot.over.clientWidth, last: lines.plot.data[0].at(-1),
                time: nodemem.page.process.samples.time.at(-1)};
        });
        assert.strictEqual(curve.last, curve.time);
        assert.ok(curve.left > 0.9 * curve.width && curve.left <= curve.width + 1, JSON.stringify(curve));
        /* What is pointed at stays. */
        await page.evaluate(() => nodemem.page.process.charts.timeline.point(0));
        const pointed = await number(page, 'rss'), then = await rows();
        await page.waitForFunction((least) => nodemem.page.process.samples.rows > least, then + 1);
        assert.strictEqual(await number(page, 'rss'), pointed);
        assert.deepStrictEqual(page.problems, []);
        await stop(server, leak);
    },

    async 'another process can be looked at, and one that ends is said to have ended'(browser) {
        const one = await resting(), leak = await target([path.join(__dirname, 'targets', 'leak.js')]);
        const server = await serve(one.pid, leak.pid);
        const page = await open(browser, server);
        await page.waitForSelector(`#fleet tr[data-pid="${one.pid}"]`);
        await page.click(`#fleet tr[data-pid="${one.pid}"] button`);
        await inPage(page, one.pid);
        await page.click(`#fleet tr[data-pid="${leak.pid}"] button`);
        await inPage(page, leak.pid);
        assert.match(await page.textContent('#state'), /It is running/);
        await stop(leak);
        await page.waitForSelector('#state[data-ended]');
        assert.match(await page.textContent('#state'), /It has ended\. ?It was last seen on/);
        assert.strictEqual(await page.$(`#fleet tr[data-pid="${leak.pid}"]`), null);
        assert.match(await page.textContent('#ended'), new RegExp(`leak.js, process ${leak.pid}, ended on`));
        assert.ok(await page.isDisabled('#read-ledger'));
        assert.deepStrictEqual(page.problems, []);
        await stop(server, one);
    },

    async 'a lost connection is told, and found again'(browser) {
        const one = await resting();
        let server = await serve(one.pid);
        const page = await open(browser, server);
        await inPage(page, one.pid);
        await stop(server);
        await connection(page, 'lost');
        assert.match(await page.textContent('#connection'), /connection lost; what is shown is of/);
        server = await serve('--listen', new URL(server.url).host, one.pid);
        await connection(page, 'live');
        await page.waitForFunction(() => document.getElementById('connection').textContent.startsWith('live'));
        /* The browser itself tells of each try in its console. */
        assert.deepStrictEqual(page.problems.filter((text) => !/ERR_(CONNECTION_REFUSED|INCOMPLETE_CHUNKED|EMPTY_RESPONSE|CONNECTION_RESET)/.test(text)), []);
        await stop(server, one);
    },

    async 'the ledger adds up, and no process is stopped for it'(browser) {
        const one = await resting();
        const server = await serve(one.pid);
        const page = await open(browser, server);
        await inPage(page, one.pid);
        await page.click('#read-ledger');
        await page.waitForSelector('#ledger-table');
        const parts = await page.$$eval('#ledger-table tbody tr td:nth-child(3) data', (nodes) => nodes.map((node) => Number(node.value)));
        const all = parts.pop();
        assert.strictEqual(parts.reduce((sum, part) => sum + part, 0), all);
        const ledger = JSON.parse((await request(server, 'GET', `/api/process/${one.pid}/ledger`)).text);
        assert.deepStrictEqual([ledger.schema, ledger.stops], ['nodemem/rss/1', 0]);
        assert.ok(Math.abs(ledger.rss - all) < 1 << 20);
        assert.deepStrictEqual(page.problems, []);
        await stop(server, one);
    },

    async 'no process is stopped unless that is allowed'(browser) {
        const one = await resting();
        const server = await serve(one.pid);
        const page = await open(browser, server);
        await inPage(page, one.pid);
        assert.ok(await page.isDisabled('#take-histogram'));
        assert.ok(await page.isDisabled('#take-snapshot'));
        for (const what of ['histogram', 'snapshot', 'redacted-snapshot']) {
            const {status, text} = await request(server, 'POST', `/api/process/${one.pid}/${what}`, {'X-Nodemem': 'x'});
            assert.strictEqual(status, 403);
            assert.match(text, /--allow-actions/);
        }
        await stop(server, one);
    },

    async 'a histogram has the objects that are there, and two of them what came'(browser) {
        const heap = await target([path.join(TARGETS, 'heap.js'), 2000], '--expose-gc');
        const server = await serve('--allow-actions', heap.pid);
        const where = `/api/process/${heap.pid}/histogram`;
        const page = await open(browser, server);
        await inPage(page, heap.pid);
        await page.click('#take-histogram');
        await page.waitForSelector('#stopped');
        const rows = await page.$$eval('#classes tbody tr', (all) => all.map((row) => [row.cells[0].textContent, row.cells[2].textContent]));
        assert.ok(rows.some(([name, count]) => name === 'Dog' && count === '2,000'), JSON.stringify(rows));
        await page.click('#take-histogram');
        await page.waitForFunction(() => document.getElementById('stopped')?.textContent.includes('Compared with'));
        /* By whom else it may be asked. */
        for (const headers of [{}, {'X-Nodemem': 'x', Origin: 'http://evil.example'}, {'X-Nodemem': 'x', Origin: 'null'},
            {'X-Nodemem': 'x', 'Sec-Fetch-Site': 'cross-site'}, {'X-Nodemem': 'x', 'Sec-Fetch-Site': 'same-site'}])
            assert.strictEqual((await request(server, 'POST', where, headers)).status, 403, JSON.stringify(headers));
        assert.strictEqual((await request(server, 'GET', where)).status, 405);
        for (const wrong of ['x', '0', '-1', `${heap.pid}x`, `0${'0'.repeat(20)}1`, '99999999999'])
            assert.strictEqual((await request(server, 'POST', `/api/process/${wrong}/histogram`, {'X-Nodemem': 'x'})).status, 404, wrong);
        /* Not every process of the machine can be asked for: only one that is watched. */
        assert.strictEqual((await request(server, 'POST', `/api/process/${process.pid}/histogram`, {'X-Nodemem': 'x'})).status, 410);
        assert.deepStrictEqual(page.problems, []);
        await stop(server, heap);
    },

    async 'a heap snapshot is saved, without texts unless they are wanted, and leaves nothing here'(browser) {
        const heap = await target([path.join(TARGETS, 'heap.js'), 2000], '--expose-gc');
        process.env.TMPDIR = fs.mkdtempSync(path.join(folder, 'tmp-'));
        const server = await serve('--allow-actions', heap.pid);
        const page = await open(browser, server);
        await inPage(page, heap.pid);
        for (const withTexts of [false, true]) {
            await page.setChecked('#with-texts', withTexts);
            const [download] = await Promise.all([page.waitForEvent('download'), page.click('#take-snapshot')]);
            assert.strictEqual(download.suggestedFilename(), `process-${heap.pid}.heapsnapshot`);
            await page.waitForFunction(() => /stopped for [\d.]+ ms/.test(document.getElementById('saved')?.textContent));
            const file = await download.path();
            const {classes} = JSON.parse(execFileSync(NODEMEM, ['heap', '--json', file], {maxBuffer: 1 << 28}));
            assert.strictEqual(classes.find(({name}) => name === 'Dog').count, 2000);
            assert.strictEqual(fs.readFileSync(file, 'utf8').includes('and a tail'), withTexts);
        }
        assert.deepStrictEqual(fs.readdirSync(process.env.TMPDIR), []);
        assert.strictEqual((await request(server, 'POST', `/api/process/${heap.pid}/snapshot`, {})).status, 403);
        assert.strictEqual((await request(server, 'GET', `/api/process/${heap.pid}/snapshot`)).status, 405);
        /* Who does not take what was asked for has a file here meanwhile: there are no more than two. */
        const slow = [];
        for (let i = 0; i < 2; i++)
            slow.push(await new Promise((resolve, reject) => http.request(
                new URL(`/api/process/${heap.pid}/snapshot`, server.url), {method: 'POST', headers: {'X-Nodemem': 'x'}},
                resolve).on('error', reject).end()));
        assert.deepStrictEqual(slow.map((answer) => answer.statusCode), [200, 200]);
        assert.strictEqual((await request(server, 'POST', `/api/process/${heap.pid}/snapshot`, {'X-Nodemem': 'x'})).status, 503);
        assert.strictEqual((await request(server, 'POST', `/api/process/${heap.pid}/histogram`, {'X-Nodemem': 'x'})).status, 200);
        for (const answer of slow) {
            let size = 0;
            for await (const part of answer)
                size += part.length;
            assert.strictEqual(size, Number(answer.headers['content-length']));
        }
        assert.strictEqual((await request(server, 'POST', `/api/process/${heap.pid}/snapshot`, {'X-Nodemem': 'x'})).status, 200);
        assert.deepStrictEqual(fs.readdirSync(process.env.TMPDIR), []);
        fs.rmdirSync(process.env.TMPDIR);
        const {status, text} = await request(server, 'POST', `/api/process/${heap.pid}/snapshot`, {'X-Nodemem': 'x'});
        assert.strictEqual(status, 500);
        assert.match(JSON.parse(text).error.message, /TMPDIR/);
        delete process.env.TMPDIR;
        assert.deepStrictEqual(page.problems, []);
        await stop(server, heap);
    },

    async 'the page of another site gets nothing'(browser) {
        const one = await resting();
        const server = await serve('--allow-actions', one.pid);
        const other = http.createServer((_, answer) => answer.setHeader('Content-Type', 'text/html').end('<p>other</p>'));
        await new Promise((resolve) => other.listen(0, '127.0.0.1', resolve));
        const page = await (await browser.chromium.newContext()).newPage();
        await page.goto(`http://127.0.0.1:${other.address().port}/`);
        const tried = await page.evaluate(async ([url, pid]) => {
            const attempt = (where, options) => fetch(url + where, options).then((answer) => answer.type === 'opaque'
                ? 'opaque' : `status ${answer.status}`, () => 'refused');
            const frame = document.createElement('iframe');
            frame.src = url;
            document.body.append(frame);
            return [await attempt('metrics', {}), await attempt('api/processes', {}),
                await attempt(`api/process/${pid}/histogram`, {method: 'POST', headers: {'X-Nodemem': 'x'}})];
        }, [server.url, one.pid]);
        assert.deepStrictEqual(tried, ['refused', 'refused', 'refused']);
        other.close();
        await stop(server, one);
    },

    async 'a token is asked for, once'(browser) {
        const one = await resting();
        const file = path.join(folder, 'token');
        fs.writeFileSync(file, TOKEN + '\n', {mode: 0o600});
        const server = await serve('--token-file', file, one.pid);
        const page = await open(browser, server, null);
        await page.waitForSelector('#login');
        await page.fill('#token', TOKEN + 'x');
        await page.click('#login button');
        await page.waitForFunction(() => document.querySelector('#login [role=alert]').textContent === 'That is not the token.');
        await page.fill('#token', TOKEN);
        await page.click('#login button');
        await inPage(page, one.pid);
        await page.reload();
        await inPage(page, one.pid);
        const [cookie] = await page.context().cookies();
        assert.deepStrictEqual([cookie.httpOnly, cookie.sameSite, cookie.value.includes(TOKEN)], [true, 'Strict', false]);
        for (const where of ['/events', '/api/processes', '/metrics', `/api/process/${one.pid}`, `/api/process/${one.pid}/ledger`])
            assert.strictEqual((await request(server, 'GET', where)).status, 401, where);
        assert.deepStrictEqual(page.problems.filter((text) => !/401|\[DOM\]/.test(text)), []);
        await stop(server, one);
    },

    async 'names that a process chose are text'(browser) {
        const script = path.join(folder, '<b><img>&amp;.js');
        fs.writeFileSync(script, "console.log('{}'); setInterval(() => {}, 1e6);");
        const one = await target([script]);
        const server = await serve(one.pid);
        const page = await open(browser, server);
        await inPage(page, one.pid);
        assert.match(await page.textContent('#process h1'), /^<b><img>&amp;\.js /);
        assert.strictEqual(await page.$('#main img, #main b'), null);
        assert.deepStrictEqual(page.problems, []);
        await stop(server, one);
    },
};

if (!fs.existsSync(NODE)) {
    console.log(`1..0 # SKIP no ${NODE} (tools/node-versions fetches it)`);
} else if (!execFileSync(NODEMEM, ['report', '--help'], {encoding: 'utf8'})) {
    console.log('1..0 # SKIP built without its pages');
} else {
    // Whatever a test that failed has left.
    const tidy = (test) => async (browser) => {
        try {
            await test(browser);
        } finally {
            for (const child of started)
                child.kill('SIGKILL');
        }
    };
    run(Object.fromEntries(Object.entries(tests).map(([name, test]) => [name, tidy(test)])));
}
