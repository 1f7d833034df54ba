#!/usr/bin/env node
// Pages of processes over time, in a browser.
'use strict';
const assert = require('assert');
const { difference, makeHistory, run, themeIs } = require('./harness.js');

const EVIL = '</script><img src=x onerror=alert(1)>';
// Against hanging; how long it takes is for bench/report.js to say.
const OPEN_MS_MAX = 20000;
const small = makeHistory('small');
const NUMBERS = ['rss', 'swap', 'heapTotal', 'heapUsed', 'external', 'arrayBuffers', 'oldGenerationUsed'];

const firstOf = (made) => made.rows.filter((row) => row.process === 0);
const quiet = (page) => assert.deepStrictEqual(page.problems, []);
const shownRow = (page) => page.evaluate(() => nodemem.page.overTime.timeline.row);
const seen = (page) => page.evaluate(() => {
    const { min, max } = nodemem.page.overTime.timeline;
    return [min, max];
});
const colourOf = (page, name) => page.evaluate((property) =>
    getComputedStyle(document.documentElement).getPropertyValue(property).trim(), name);

// Move the pointer to where a sample is drawn in the chart `index`.
async function hover(page, index, row) {
    const at = await page.evaluate(([chart, time]) => {
        const { plot } = nodemem.page.overTime.charts[chart];
        plot.over.scrollIntoView({ block: 'center' });
        const box = plot.over.getBoundingClientRect();
        return { x: box.left + plot.valToPos(time, 'x'), y: box.top + box.height / 2 };
    }, [index, row.timeMs]);
    await page.mouse.move(at.x, at.y);
}

// What the table of numbers shows at the pointer.
const tableNow = (page) => page.evaluate(() => Object.fromEntries(
    [...document.querySelectorAll('#numbers tbody tr')].map((line) =>
        [line.dataset.number, line.cells[1].querySelector('data').value])));

function assertShown(shown, row) {
    for (const name of NUMBERS)
        if (name in shown)
            assert.strictEqual(shown[name], row[name] === null ? '' : String(row[name]), `${name} of row ${row.row}`);
}

run({
    'it draws without a word in the console, and asks for nothing': async (browser) => {
        const page = await browser.open(small.file);
        quiet(page);
        assert.strictEqual(await page.locator('.chart canvas').count(), 3);
    },

    'texts of the target are text': async (browser) => {
        const page = await browser.open(small.file);
        assert.strictEqual(await page.locator('img').count(), 0);
        assert.strictEqual(await page.locator('body script').count(), 2);
        for (const part of ['#end', '#top', '#findings', '#classes'])
            assert((await page.locator(part).textContent()).includes(EVIL), part);
        await page.locator('.tools button').first().click();
        quiet(page);
    },

    'every number arrives as it is': async (browser) => {
        const page = await browser.open(small.file);
        const found = await page.evaluate((rows) => rows.map(({ process, row }) => {
            const { samples } = nodemem.document.processes[process].isolates[0];
            const plain = (value) => Number.isNaN(value) ? null : value;
            return Object.fromEntries(Object.keys(samples).filter((name) => samples[name].BYTES_PER_ELEMENT)
                .map((name) => [name, plain(samples[name][row])]));
        }), small.rows);
        small.rows.forEach(({ timeMs, process, row, ...numbers }, i) =>
            assert.deepStrictEqual(found[i], { time: timeMs, ...numbers }, `process ${process}, row ${row}`));
    },

    'the pointer tells the sample that it is at, in both charts': async (browser) => {
        const page = await browser.open(small.file);
        // The last one is at the border, where no pointer is.
        for (const [i, row] of firstOf(small).slice(0, -1).entries()) {
            await hover(page, i % 2, row);
            assert.strictEqual(await shownRow(page), row.row);
            assertShown(await tableNow(page), row);
        }
        const unknown = await page.evaluate(() => {
            nodemem.page.overTime.timeline.point(110);
            return document.querySelector('#numbers tr[data-number=heapUsed] data').textContent;
        });
        assert.strictEqual(unknown, '-');
        quiet(page);
    },

    'its curves have the colours of its legend': async (browser) => {
        const page = await browser.open(small.file);
        const stack = await browser.look(page.locator('#over-time .chart').first());
        const lines = await browser.look(page.locator('#over-time .chart').nth(1));
        for (const [part, names] of [[stack, ['--heap-used', '--heap-free', '--workers', '--rest', '--limit']],
            [lines, ['--rss', '--heap-used', '--old-generation', '--limit', '--gc']]])
            for (const name of names)
                assert(part.share(await colourOf(page, name)) > 0.0002, `${name} is not drawn`);
        assert(stack.share(await colourOf(page, '--heap-used')) > 0.08, 'the heap is a thin line');
    },

    'a gap is no line, and what is not known neither': async (browser) => {
        const page = await browser.open(small.file);
        const drawn = await page.evaluate(() => nodemem.page.overTime.charts[1].plot.data.map((one) => Array.from(one)));
        const used = drawn[3];
        assert(drawn[0].length > 800 && used.includes(null) && drawn[1].includes(null));
        assert.strictEqual(drawn[1].filter((value) => value === null).length, 1, 'rss has one gap');
    },

    'dark and light follow the system, and the button': async (browser) => {
        for (const [colorScheme, other] of [['light', 'dark'], ['dark', 'light']]) {
            const page = await browser.open(small.file, { colorScheme });
            const before = await browser.look(page.locator('#over-time .chart').first());
            assert(before.share(await colourOf(page, '--surface')) > 0.2, colorScheme);
            await page.locator('#theme').click();
            await themeIs(page, other);
            const after = await browser.look(page.locator('#over-time .chart').first());
            assert(after.share(await colourOf(page, '--surface')) > 0.2, other);
            assert(difference(before, after) > 0.9, `${colorScheme} is like ${other}`);
            await page.locator('#theme').click();
            const again = await browser.look(page.locator('#over-time .chart').first());
            assert(difference(before, again) < 0.01, `${colorScheme} is another one the second time`);
        }
    },

    'on paper it is light and has no buttons': async (browser) => {
        const page = await browser.open(small.file, { colorScheme: 'dark' });
        await page.emulateMedia({ media: 'print' });
        await themeIs(page, 'light');
        assert.strictEqual(await page.locator('.tools').isVisible(), false);
        assert((await page.pdf()).length > 20000);
        await page.emulateMedia({ media: 'screen' });
        await themeIs(page, 'dark');
        quiet(page);
    },

    'keys do what the help says': async (browser) => {
        const page = await browser.open(small.file);
        const all = await seen(page);
        await page.locator('.chart').nth(1).focus();
        await page.keyboard.press('Home');
        await page.keyboard.press('ArrowRight');
        assert.strictEqual(await shownRow(page), 1);
        await page.keyboard.press('Shift+ArrowRight');
        assert((await shownRow(page)) > 5);
        await page.keyboard.press('End');
        assert.strictEqual(await shownRow(page), 899);
        await page.keyboard.press('+');
        const half = await seen(page);
        assert(half[1] - half[0] < (all[1] - all[0]) * 0.6);
        await page.keyboard.press(',');
        assert((await seen(page))[0] < half[0]);
        await page.keyboard.press('0');
        assert.deepStrictEqual(await seen(page), all);
        await page.keyboard.press('b');
        assert((await page.locator('#numbers data').first().textContent()).length > 10);
        await page.keyboard.press('t');
        await themeIs(page, 'dark');
        await page.keyboard.press('?');
        assert(await page.locator('#help').isVisible());
        await page.keyboard.press('Escape');
        assert.strictEqual(await page.locator('#help').isVisible(), false);
        quiet(page);
    },

    'what is dragged over is then all that is seen': async (browser) => {
        const page = await browser.open(small.file);
        const [from, to] = [small.rows[2], small.rows[6]];
        await hover(page, 0, from);
        await page.mouse.down();
        await hover(page, 0, to);
        await page.mouse.up();
        const [min, max] = await seen(page);
        assert(Math.abs(min - from.timeMs) < 5000 && Math.abs(max - to.timeMs) < 5000, `${[min, max]}`);
        await page.locator('.u-over').first().dblclick();
        assert((await seen(page))[1] > small.rows[15].timeMs);
    },

    'the other process and the worker can be chosen': async (browser) => {
        const page = await browser.open(small.file);
        assert((await page.locator('#end').textContent()).includes('its JavaScript heap was full'));
        await page.locator('.switches select').selectOption({ label: 'worker-1' });
        assert.strictEqual(await page.locator('#numbers tr[data-number=rss]').count(), 0);
        assert.strictEqual(await page.locator('#numbers tr[data-number=heapUsed]').count(), 1);
        await page.locator('#top select').selectOption({ index: 1 });
        assert((await page.locator('h1').textContent()).includes('7475'));
        assert((await page.locator('#forecast').textContent()).includes('heapSizeLimit of 1.17 GiB is reached'));
        const lines = await browser.look(page.locator('#over-time .chart').nth(1));
        assert(lines.share(await colourOf(page, '--forecast')) > 0.0001, 'no forecast is drawn');
        quiet(page);
    },

    'histograms tell what grew': async (browser) => {
        const page = await browser.open(small.file);
        const first = page.locator('#classes tbody tr').first();
        assert((await first.textContent()).startsWith('Session'));
        assert.strictEqual(await first.locator('data').nth(1).getAttribute('value'), String(400000 * 880));
        await page.locator('#classes button').click();
        assert.strictEqual(await page.locator('#classes tbody tr').count(), 49);
    },

    'of a process of which little is known it says so': async (browser) => {
        const page = await browser.open(makeHistory('bare').file);
        assert((await page.locator('#over-time').textContent()).includes('No sample of this process'));
        assert((await page.locator('#end').textContent()).includes('unknown'));
        await page.locator('#top select').selectOption({ index: 1 });
        assert.deepStrictEqual(await tableNow(page), { rss: '4096' });
        await page.locator('.chart').first().focus();
        await page.keyboard.press('+');
        await page.keyboard.press('ArrowLeft');
        assert.strictEqual(await shownRow(page), 0);
        quiet(page);
    },

    'a telephone needs no scrolling to the side': async (browser) => {
        const page = await browser.open(small.file, { viewport: { width: 390, height: 800 } });
        assert(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth));
        quiet(page);
    },

    'a week is thinned for drawing and exact under the pointer': async (browser) => {
        const week = makeHistory('week');
        const begun = Date.now();
        const page = await browser.open(week.file);
        const took = Date.now() - begun;
        console.log(`# a week was open after ${took} ms`);
        assert(took < OPEN_MS_MAX, `it took ${took} ms`);
        const drawn = await page.evaluate(() => {
            const { plot } = nodemem.page.overTime.charts[1];
            const column = plot.data[3].filter((value) => value !== null);
            const { heapUsed } = nodemem.page.overTime.samples;
            const ends = (values) => [values.reduce((a, b) => Math.min(a, b)), values.reduce((a, b) => Math.max(a, b))];
            return { points: plot.data[0].length, drawn: ends(column), all: ends(heapUsed), rows: heapUsed.length };
        });
        assert.strictEqual(drawn.rows, 604800);
        assert(drawn.points > 500 && drawn.points < 5000, `${drawn.points} points`);
        assert.deepStrictEqual(drawn.drawn, drawn.all);
        const row = week.rows[7];
        await page.evaluate((time) => nodemem.page.overTime.timeline.see(time - 200000, time + 200000), row.timeMs);
        await hover(page, 0, row);
        assert.strictEqual(await shownRow(page), row.row);
        assertShown(await tableNow(page), row);
        quiet(page);
    },
});
