// What tests of pages share: Debian's chromium, driven by playwright-core, and TAP.
'use strict';
const fs = require('fs');
const os = require('os');
const path = require('path');
const { execFileSync } = require('child_process');

const cache = process.env.NODEMEM_NODE_CACHE ||
    path.join(process.env.XDG_CACHE_HOME || path.join(os.homedir(), '.cache'), 'nodemem', 'node');
const packages = path.join(cache, 'report', 'node_modules');
const CHROMIUM = process.env.CHROMIUM || '/usr/bin/chromium';

// Programs of this project: as the build says, or from the folder build/.
const build = path.join(__dirname, '..', '..', 'build');
const NODEMEM = process.env.NODEMEM || path.join(build, 'src', 'nodemem');
const PAGES = process.env.NODEMEM_REPORT_PAGES || path.join(build, 'tests', 'report', 'report-pages');

function skip(why) {
    console.log(`1..0 # SKIP ${why}`);
    process.exit(0);
}

function driver() {
    if (!fs.existsSync(CHROMIUM))
        skip(`no ${CHROMIUM} (tools/setup test installs it)`);
    if (!fs.existsSync(path.join(packages, 'playwright-core')))
        skip(`no playwright-core in ${packages} (tools/node-packages fetches it)`);
    return require(path.join(packages, 'playwright-core')).chromium;
}

// A folder for the pages of one run.
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'nodemem-report-'));
process.on('exit', () => fs.rmSync(folder, { recursive: true, force: true }));

// The program with pages of processes that never were; returns {file, rows: what it says is in there}.
function makeHistory(kind) {
    const file = path.join(folder, `${kind}.html`);
    const said = execFileSync(PAGES, [kind, file], { encoding: 'utf8' });
    return { file, rows: said.trim().split('\n').map((line) => JSON.parse(line)) };
}

function nodemem(...words) {
    return execFileSync(NODEMEM, words, { encoding: 'utf8', maxBuffer: 1 << 28 });
}

class Browser {
    async start() {
        this.chromium = await driver().launch({
            executablePath: CHROMIUM,
            // Its sandbox is not for root.
            args: process.getuid() === 0 ? ['--no-sandbox'] : [],
        });
    }

    // A page that is drawn; `page.problems` has what it said and asked for that it should not.
    async open(file, options = {}) {
        const context = await this.chromium.newContext({
            viewport: { width: 1280, height: 900 }, timezoneId: 'UTC', ...options });
        const page = await context.newPage();
        page.problems = [];
        page.on('console', (message) => page.problems.push(`${message.type()}: ${message.text()}`));
        page.on('pageerror', (error) => page.problems.push(error.stack));
        page.on('dialog', (dialog) => page.problems.push(`dialog: ${dialog.message()}`));
        page.on('request', (request) => {
            if (request.url() !== `file://${file}`)
                page.problems.push(`asks for ${request.url()}`);
        });
        await page.goto(`file://${file}`);
        await page.waitForFunction(() => document.documentElement.dataset.ready === 'yes');
        return page;
    }

    // The colours of a part of a page: {width, height, share(colour)}, how much of it is of that colour.
    async look(locator) {
        const picture = await locator.screenshot();
        const page = await (await this.chromium.newContext()).newPage();
        const colours = await page.evaluate(async (base64) => {
            const bytes = Uint8Array.from(atob(base64), (one) => one.charCodeAt(0));
            const bitmap = await createImageBitmap(new Blob([bytes], { type: 'image/png' }));
            const drawing = new OffscreenCanvas(bitmap.width, bitmap.height).getContext('2d');
            drawing.drawImage(bitmap, 0, 0);
            const { data } = drawing.getImageData(0, 0, bitmap.width, bitmap.height);
            const found = {};
            for (let i = 0; i < data.length; i += 4) {
                const name = '#' + [data[i], data[i + 1], data[i + 2]]
                    .map((part) => part.toString(16).padStart(2, '0')).join('');
                found[name] = (found[name] || 0) + 4 / data.length;
            }
            return found;
        }, picture.toString('base64'));
        await page.context().close();
        return { colours, share: (colour) => colours[colour.toLowerCase()] || 0 };
    }

    async stop() {
        await this.chromium.close();
    }
}

// The share of two pictures that has not the colours of the other.
function difference(a, b) {
    const names = new Set([...Object.keys(a.colours), ...Object.keys(b.colours)]);
    return [...names].reduce((sum, name) => sum + Math.abs(a.share(name) - b.share(name)), 0) / 2;
}

const themeIs = (page, name) =>
    page.waitForFunction((wanted) => document.documentElement.dataset.theme === wanted, name);

// Names of tests and what they do, which throw when something is wrong.
async function run(tests) {
    const browser = new Browser();
    const names = Object.keys(tests);
    let failed = 0;

    await browser.start();
    console.log(`1..${names.length}`);
    for (const [i, name] of names.entries()) {
        try {
            await tests[name](browser);
            console.log(`ok ${i + 1} - ${name}`);
        } catch (error) {
            failed++;
            console.log(`not ok ${i + 1} - ${name}`);
            console.log(String(error.stack).replace(/^/gm, '# '));
        }
        for (const context of browser.chromium.contexts())
            await context.close();
    }
    await browser.stop();
    process.exitCode = failed ? 1 : 0;
}

module.exports = { Browser, cache, difference, folder, makeHistory, nodemem, run, themeIs };
