#!/usr/bin/env node
// How long the page of a week takes to open: report.js [ROUNDS]
//
// 604,800 samples of 7 numbers, in Debian's chromium; one JSON document. From the beginning of the navigation to
// the first picture after the curves were drawn, in milliseconds, and the size of the page. See README.md.
'use strict';
const fs = require('fs');
const { Browser, makeHistory } = require('../tests/report/harness.js');

const WANTED_MS = 2000;

async function main() {
    const rounds = Number(process.argv[2] || 7);
    const { file } = makeHistory('week');
    const browser = new Browser();
    const took = [];

    await browser.start();
    for (let i = 0; i < rounds; i++) {
        const page = await browser.open(file);
        const drawn = () => performance.getEntriesByName('drawn')[0]?.startTime;
        took.push(await (await page.waitForFunction(drawn)).jsonValue());
        await page.context().close();
    }
    await browser.stop();
    took.sort((a, b) => a - b);
    const median = took[took.length >> 1];
    console.log(JSON.stringify({ schema: 'nodemem/bench-report/1', pageBytes: fs.statSync(file).size, rounds,
        openMs: { min: Math.round(took[0]), median: Math.round(median), max: Math.round(took[rounds - 1]) } }));
    if (median > WANTED_MS)
        console.error(`bench: the page of a week takes ${Math.round(median)} ms to open, wanted are ${WANTED_MS}`);
}

main();
