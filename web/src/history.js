/*
 * history.js - the page of a recording
 */

/* Its label; or of "node --flag folder/server.js" the script; or its number. */
function processName(process) {
	const [program, ...words] = (process.command || '').split(' ');
	const isNode = /(^|\/)node[^/]*$/.test(program);
	const told = isNode && words.find((word) => word !== '' && !word.startsWith('-')) || program;
	return process.label || told.split('/').pop() || `process ${process.pid}`;
}

function factsOf(history, process) {
	const rows = [
		['process', `${process.pid}` + (history.host ? ` on ${history.host}` : '')],
		['command', process.command || '-'],
		['Node.js', (process.node || '-') + (process.v8 ? ` (V8 ${process.v8})` : '')],
		['seen', `${timeText(process.firstMs)} to ${timeText(process.lastMs)}, ` +
			durationWords(Math.max(process.lastMs - process.firstMs, 0))],
		['started', timeText(process.startedMs)],
		['samples', process.isolates.map((one) => `${grouped(one.samples.rows)} of ${one.name}`).slice(0, 8).join(', ') || '-'],
		['machine', history.totalmem ? sizeWords(history.totalmem) : '-'],
	];
	return element('dl', {class: 'facts'}, rows.map(([name, text]) =>
		element('div', {}, element('dt', {}, name), element('dd', {}, text))));
}

class HistoryPage {
	constructor(history) {
		this.history = history;
		this.process = 0;
		this.isolate = 0;
		this.drawn = [];
	}

	get shown() {
		return this.history.processes[this.process];
	}

	chooser(label, names, chosen, choose) {
		if (names.length < 2)
			return null;
		return element('label', {}, label, ' ', element('select', {onchange: (event) => choose(Number(event.target.value))},
			names.map((name, i) => element('option', {value: i, selected: i === chosen}, name))));
	}

	show(process, isolate) {
		this.process = process;
		this.isolate = isolate;
		this.drawn.forEach((one) => one.destroy());
		this.drawn = [];
		this.showTop();
		this.showMain();
	}

	showTop() {
		const {processes} = this.history, {shown} = this;
		const name = processName(shown);
		document.title = `${name} (${shown.pid}): nodemem report`;
		document.getElementById('top').replaceChildren(
			element('div', {class: 'line'}, element('p', {class: 'brand'}, 'nodemem report'), makeTools()),
			element('div', {class: 'line'},
				element('h1', {}, name, ' ', element('small', {}, `process ${shown.pid}`)),
				this.chooser('Process', processes.map((one) =>
					`${processName(one)}, ${one.pid}` + (one.end ? `: ${one.end.cause}` : '')),
				this.process, (chosen) => this.show(chosen, 0))),
			endOf(this.history, shown), factsOf(this.history, shown));
	}

	showMain() {
		const {shown} = this;
		const main = document.getElementById('main');
		const isolate = shown.isolates[this.isolate];
		const hasSamples = isolate && isolate.samples.rows > 0;
		const overTime = hasSamples ? new OverTime(shown, this.isolate) : null;
		const spaces = spaceSection(shown, this.isolate);

		this.overTime = overTime;
		main.replaceChildren(...[
			overTime ? overTime.make() : section('over-time', 'Over time',
				element('p', {}, 'No sample of this process is in the recording.')),
			limitSection(shown, overTime ? overTime.limits : limitsOf(shown, shown.lastMs)),
			shown.end ? element('div', {class: 'aside'}, forecastOf(shown)) : null,
			histogramSection(shown), ledgerSection(shown), spaces ? spaces.section : null,
			collectionSection(shown), findingSection(shown)].filter(Boolean));
		const chooser = this.chooser('Isolate', shown.isolates.map((one) => one.name), this.isolate,
			(chosen) => this.show(this.process, chosen));
		if (overTime && chooser)
			main.querySelector('.switches').prepend(chooser);
		if (overTime)
			this.drawn.push(overTime);
		if (spaces)
			this.drawn.push(spaces);
		this.drawn.forEach((one) => one.draw());
	}
}

async function showHistory(history) {
	await readTables(history.processes);
	if (history.processes.length === 0) {
		document.getElementById('top').replaceChildren(makeTools(), element('h1', {}, 'nodemem report'));
		document.getElementById('main').replaceChildren(element('p', {}, 'No process is in this recording.'));
		return null;
	}
	const page = new HistoryPage(history);
	page.show(0, 0);
	return page;
}
