#!/usr/bin/env node
// Pages of heaps, in a browser.
'use strict';
const assert = require('assert');
const fs = require('fs');
const path = require('path');
const { spawn } = require('child_process');
const { once } = require('events');
const { cache, folder, nodemem, run, themeIs } = require('./harness.js');

const SNAPSHOT = path.join(__dirname, '..', 'fixtures', 'snapshots', 'small-n24.heapsnapshot.zst');
const EVIL = 'x</script><img src=x onerror=alert(1)><!-- \u2028 & "';
const file = path.join(folder, 'heap.html');
const quiet = (page) => assert.deepStrictEqual(page.problems, []);
const told = nodemem('report', '--json', '-o', file, SNAPSHOT);
const heap = JSON.parse(nodemem('heap', '--json', SNAPSHOT));

// A snapshot of few objects, one of a class of this name.
function writeSnapshot(to, className) {
    const strings = ['', '(GC roots)', className, 'held'];
    const nodes = [[9, 0, 1, 0, 2, 0, 0], [9, 1, 3, 0, 1, 0, 0], [3, 2, 5, 4096, 0, 0, 0]];
    fs.writeFileSync(to, JSON.stringify({
        snapshot: {
            meta: {
                node_fields: ['type', 'name', 'id', 'self_size', 'edge_count', 'trace_node_id', 'detachedness'],
                node_types: [['hidden', 'array', 'string', 'object', 'code', 'closure', 'regexp', 'number', 'native',
                    'synthetic'], 'string', 'number', 'number', 'number', 'number', 'number'],
                edge_fields: ['type', 'name_or_index', 'to_node'],
                edge_types: [['context', 'element', 'property', 'internal', 'hidden', 'shortcut', 'weak'],
                    'string_or_number', 'node'],
            },
            node_count: 3, edge_count: 3, trace_function_count: 0,
        },
        nodes: nodes.flat(), edges: [1, 1, 7, 2, 3, 14, 2, 3, 14],
        trace_function_infos: [], trace_tree: [], samples: [], locations: [], strings,
    }));
}

// A Node.js whose objects nodemem knows: of the cache, or else this one.
function nodeBinary() {
    const cached = path.join(cache, '24.21.0', 'bin', 'node');
    return fs.existsSync(cached) ? cached : process.execPath;
}

const details = (page) => page.evaluate(() =>
    [...document.querySelectorAll('.details dl div')].map((one) =>
        [one.querySelector('dt').textContent, one.querySelector('data')?.value ?? one.querySelector('dd').textContent]));

run({
    'the command tells of the page': async () => {
        const { size } = fs.statSync(file);
        assert.deepStrictEqual(JSON.parse(told), { schema: 'nodemem/report/1', file, kind: 'heap', bytes: size });
        assert(!fs.existsSync(`${file}.part`));
    },

    'it draws without a word in the console, and asks for nothing': async (browser) => {
        const page = await browser.open(file);
        quiet(page);
        assert((await page.locator('.box').count()) > 100);
        const map = await browser.look(page.locator('.treemap'));
        assert(Object.keys(map.colours).length > 20);
        assert(Math.max(...Object.values(map.colours)) < 0.6, 'nearly all of it has one colour');
    },

    'its classes are those of nodemem heap': async (browser) => {
        const page = await browser.open(file);
        const found = await page.evaluate(() => nodemem.document.classes);
        assert.deepStrictEqual(found.map(([name, , count, shallow, retained, distance]) =>
            ({ name, count, shallow, retained, distance })), heap.classes.map(({ key, ...row }) => row));
        assert.strictEqual(await page.evaluate(() => nodemem.document.totalBytes), heap.totalBytes);
        const first = page.locator('#class-table tbody tr').first();
        assert.strictEqual(await first.locator('data').first().getAttribute('value'), String(heap.classes[0].retained));
    },

    'boxes add up': async (browser) => {
        const page = await browser.open(file);
        const areas = await page.evaluate(() => nodemem.document.areas);
        const inside = areas.map(() => 0);
        areas.forEach(([parent, , , , , , retained]) => {
            if (parent !== null)
                inside[parent] += retained;
        });
        assert.strictEqual(areas[0][6], heap.totalBytes);
        areas.forEach(([, , name, , , shallow, retained], i) => {
            if (inside[i] > 0)
                assert.strictEqual(shallow + inside[i], retained, `${i}: ${name}`);
        });
    },

    'the area of a box is what it retains': async (browser) => {
        const page = await browser.open(file);
        const areas = await page.evaluate(() => [...document.querySelectorAll('.box[aria-level="3"]')].map((box) =>
            [box.offsetWidth * box.offsetHeight, nodemem.document.areas[box.dataset.area][6]]));
        const all = areas.reduce((sum, one) => [sum[0] + one[0], sum[1] + one[1]], [0, 0]);
        for (const [pixels, bytes] of areas)
            if (bytes > all[1] / 20)
                assert(Math.abs(pixels / all[0] - bytes / all[1]) < 0.05, `${pixels} pixels for ${bytes} bytes`);
    },

    'the pointer tells what a box is': async (browser) => {
        const page = await browser.open(file);
        const box = page.locator('.box', { hasText: /^global/ }).first();
        await box.hover({ position: { x: 8, y: 8 } });
        const facts = Object.fromEntries((await details(page)).reverse());
        const row = heap.classes.find(({ name }) => name === 'global');
        const area = await page.evaluate(() => nodemem.document.areas.find((one) => one[2] === 'global'));
        assert.strictEqual(facts.retained, String(area[6]));
        assert.strictEqual(facts['all of this class: retained'], String(row.retained));
        assert.strictEqual(facts.distance, String(row.distance));
    },

    'keys go from box to box': async (browser) => {
        const page = await browser.open(file);
        const level = () => page.evaluate(() => Number(document.activeElement.getAttribute('aria-level')));
        await page.locator('.box[tabindex="0"]').focus();
        assert.strictEqual(await level(), 1);
        await page.keyboard.press('ArrowDown');
        assert.strictEqual(await level(), 2);
        const largest = await page.evaluate(() => document.activeElement.dataset.area);
        await page.keyboard.press('ArrowRight');
        assert.notStrictEqual(await page.evaluate(() => document.activeElement.dataset.area), largest);
        await page.keyboard.press('ArrowLeft');
        await page.keyboard.press('Enter');
        assert.strictEqual(await page.evaluate(() => document.activeElement.dataset.area), largest);
        assert.strictEqual(await level(), 1);
        assert.strictEqual(await page.locator('.way button').count(), 2);
        await page.keyboard.press('Escape');
        assert.strictEqual(await page.locator('.way button').count(), 1);
        quiet(page);
    },

    'a search marks boxes and rows': async (browser) => {
        const page = await browser.open(file);
        await page.keyboard.press('/');
        await page.keyboard.type('BuiltinModule');
        assert((await page.locator('.box.found').count()) >= 1);
        assert.strictEqual(await page.locator('#class-table tbody tr').count(), 1);
        quiet(page);
    },

    'names of classes are text': async (browser) => {
        const snapshot = path.join(folder, 'evil.heapsnapshot');
        const evil = path.join(folder, 'evil.html');
        writeSnapshot(snapshot, EVIL);
        nodemem('report', '-o', evil, snapshot);
        const page = await browser.open(evil);
        assert.strictEqual(await page.locator('img').count(), 0);
        assert((await page.locator('#class-table').textContent()).includes(EVIL));
        quiet(page);
    },

    'a running process has a page too': async (browser) => {
        const target = spawn(nodeBinary(), ['-e', 'class Planted {} globalThis.all = Array.from({ length: 5000 }, ' +
            '() => new Planted()); console.log("ready"); process.stdin.resume()']);
        try {
            await once(target.stdout, 'data');
            const live = path.join(folder, 'live.html');
            nodemem('report', '-o', live, String(target.pid));
            const page = await browser.open(live);
            assert((await page.locator('h1').textContent()).startsWith(`process ${target.pid}`));
            const planted = await page.evaluate(() => nodemem.document.classes.find(([name]) => name === 'Planted'));
            assert.strictEqual(planted[2], 5000);
            quiet(page);
        } finally {
            target.kill();
        }
    },

    'dark, paper and a telephone': async (browser) => {
        const page = await browser.open(file, { colorScheme: 'dark', viewport: { width: 390, height: 800 } });
        await themeIs(page, 'dark');
        assert(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth));
        await page.emulateMedia({ media: 'print' });
        await themeIs(page, 'light');
        assert((await page.pdf()).length > 10000);
        quiet(page);
    },
});
