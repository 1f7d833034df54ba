/*
 * live-process.js - one process: its curves, limits, ledger, histograms and heap snapshots
 */

/* As many samples as the server keeps, and a little more. */
const SAMPLES_MAX = 1200;
const LIMITS_EVERY_MS = 5000;
const SAMPLE_NUMBERS = ['rss', 'heapTotal', 'heapUsed', 'external', 'arrayBuffers'];

/* Rows that grow: {rows, time, rss, ...}, NaN where a number is not known. */
class Samples {
	constructor(past) {
		this.time = [...past.timeMs];
		for (const name of SAMPLE_NUMBERS)
			this[name] = past[name].map((value) => isKnown(value) ? value : NaN);
	}

	get rows() {
		return this.time.length;
	}

	/* False when it is there already. */
	add(process) {
		if (this.rows > 0 && process.timeMs <= this.time[this.rows - 1])
			return false;
		this.time.push(process.timeMs);
		for (const name of SAMPLE_NUMBERS)
			this[name].push(isKnown(process[name]) ? process[name] : NaN);
		if (this.rows > SAMPLES_MAX)
			for (const name of ['time', ...SAMPLE_NUMBERS])
				this[name].shift();
		return true;
	}
}

/* The two charts of the report, over samples that come. */
class LiveCharts {
	constructor(samples) {
		this.samples = samples;
		this.timeline = new Timeline(samples.time, samples.time[samples.rows - 1]);
		this.numbers = numbersOf(samples);
		this.areas = stackOf(samples, []);
		const top = (most) => most;
		this.lines = new Chart(this.timeline, this.numbers, {label: 'The numbers as lines', height: 280, top});
		this.stack = new Chart(this.timeline, this.areas, {label: 'What rss is made of, stacked', height: 220, top});
		this.legend = numbersOf(samples).map((number) => ({number, node: size(NaN)}));
		this.timeline.listen({range: () => {}, point: () => this.showNumbers()});
	}

	make() {
		const {timeline} = this;
		const button = (text, key, act) => element('button', {title: 'key ' + key, onclick: act}, text);
		return section('over-time', 'Over time',
			element('div', {class: 'switches'}, element('span', {class: 'zoom'},
				button('+', '+', () => timeline.zoom(0.5)), button('−', '-', () => timeline.zoom(2)),
				button('All', '0', () => timeline.seeAll())),
			element('span', {class: 'hint'}, 'Drag to see a part, double-click for all.')),
			element('h3', {}, 'What the memory is, in ', unitName()),
			this.areas.length > 0 ? stackLegend(this.areas, this.stack, timeline) : null, this.stack.host,
			element('h3', {}, 'Each number, in ', unitName()),
			element('ul', {class: 'legend', id: 'numbers-now'}, this.legend.map(({number, node}) =>
				element('li', {'data-number': number.name}, curveButton(number, this.lines), ' ', node))),
			this.lines.host);
	}

	draw() {
		this.stack.draw();
		this.lines.draw();
		this.timeline.point(this.samples.rows - 1);
	}

	/* There is one row more. What is pointed at stays, unless it was the last one. */
	update() {
		const {timeline, samples} = this;
		const wasLast = timeline.row === null || timeline.row >= samples.rows - 2;
		const seesAll = timeline.min <= timeline.first && timeline.max >= timeline.last;
		const take = (series, made) => series.forEach((one, i) => Object.assign(one, {values: made[i].values, below: made[i].below}));
		take(this.areas, stackOf(samples, []));
		timeline.first = samples.time[0];
		timeline.last = timeline.end = Math.max(samples.time[samples.rows - 1], timeline.first + LEAST_SPAN_MS);
		if (seesAll)
			timeline.seeAll();
		else
			timeline.see(timeline.min, timeline.max);
		/* After the charts have taken the new stretch, which they do when this is over. */
		queueMicrotask(() => timeline.point(wasLast ? samples.rows - 1 : timeline.row));
	}

	showNumbers() {
		for (const {number, node} of this.legend)
			setSize(node, this.timeline.row === null ? NaN : this.samples[number.name][this.timeline.row]);
	}

	destroy() {
		this.stack.destroy();
		this.lines.destroy();
	}
}

function limitTable(limits) {
	const rows = limits.limits.filter((limit) => limit.limit !== null).map((limit) => [
		element('span', {}, limit.name, limit.name === limits.first && limit.scope === limits.firstScope
			? element('em', {}, ' first') : null),
		limit.scope, size(limit.limit), size(limit.used), percent(limit.used, limit.limit), size(limit.headroom),
		limit.endsProcess ? size(limit.distance) : 'does not end it']);
	return table('Limits', ['limit', 'of', '#limit', '#used', '#of it', '#left', '#until it ends'], rows, {id: 'limit-table'});
}

/* Groups of the ledger, the largest first, with their largest parts. */
function ledgerTable(ledger) {
	const groups = new Map();
	for (const part of ledger.parts)
		groups.set(part.group, (groups.get(part.group) || 0) + part.rss);
	const order = [...groups].sort((a, b) => b[1] - a[1]);
	const most = order.length > 0 ? order[0][1] : 0;
	const largest = (group) => ledger.parts.filter((part) => part.group === group && part.rss > 0)
		.sort((a, b) => b.rss - a.rss).slice(0, 3).map((part) => `${part.name} ${sizeWords(part.rss)}`).join(', ');
	const rows = order.map(([group, rss]) => [group, bar(rss, most, '--heap-used'), size(rss), percent(rss, ledger.rss), largest(group)]);
	rows.push(['all of rss', '', size(ledger.rss), '', '']);
	return table('What is resident', ['group', '', '#bytes', '#of rss', 'largest parts'], rows, {class: 'with-bars', id: 'ledger-table'});
}

class LiveProcess {
	/* The server: `ask(path, method)` gives a document, `fetchFile(path)` keeps a file. */
	constructor(process, past, {ask, fetchFile}, allowActions) {
		this.key = processKey(process);
		this.process = process;
		this.ask = ask;
		this.fetchFile = fetchFile;
		this.samples = new Samples(past);
		this.samples.add(process);
		this.charts = new LiveCharts(this.samples);
		this.allowActions = allowActions;
		this.state = element('div', {class: 'verdict good', id: 'state', role: 'status'});
		this.limits = element('div', {});
		this.ledger = element('div', {});
		this.classes = element('div', {});
		this.snapshot = element('div', {});
		this.histograms = [];
		this.limitsMs = 0;
		this.hasEnded = false;
	}

	make() {
		const {process} = this;
		this.ledgerButton = element('button', {id: 'read-ledger', onclick: () => this.readLedger()}, 'Read it');
		this.histogramButton = element('button', {id: 'take-histogram', disabled: !this.allowActions,
			onclick: () => this.takeHistogram()}, 'Count the objects');
		this.snapshotButton = element('button', {id: 'take-snapshot', disabled: !this.allowActions,
			onclick: () => this.takeSnapshot()}, 'Save a heap snapshot');
		this.withTexts = element('input', {type: 'checkbox', id: 'with-texts', disabled: !this.allowActions});
		return element('div', {id: 'process', 'data-pid': process.pid},
			element('h1', {}, appName(process), ' ', element('small', {}, `process ${process.pid}`)),
			this.state,
			element('p', {class: 'facts'}, `${process.command || '-'} · Node.js ${process.node || '-'} · since ` +
				timeText(process.startedMs) + (process.isolates > 1 ? ` · ${process.isolates - 1} workers` : '') +
				(process.containerId ? ` · container ${process.containerId.slice(0, 12)}` : '')),
			this.charts.make(),
			section('limits', 'Limits', element('p', {}, 'All that can end the process for its memory, in ', unitName(), '.'), this.limits),
			section('ledger', 'What is resident', element('p', {}, 'Every resident byte by what it is, in ', unitName(),
				'. The process is not stopped. ', this.ledgerButton), this.ledger),
			section('classes', 'What fills the heap', element('p', {}, this.allowActions
				? 'Live objects by class. The process is stopped for some milliseconds. '
				: 'nodemem serve was started without --allow-actions, so no process is stopped to count its objects. ',
			this.histogramButton), this.classes, element('p', {}, 'All of the heap, for ', element('code', {}, 'nodemem heap'),
				' or Chrome DevTools. Strings may hold secrets: ', element('label', {}, this.withTexts, ' with their texts '),
				this.snapshotButton), this.snapshot));
	}

	draw() {
		this.charts.draw();
		this.showState();
		this.readLimits();
	}

	/* What the server told of it last; null when it is there no more. */
	update(process, timeMs) {
		if (this.hasEnded)
			return;
		if (!process) {
			this.end(timeMs);
			return;
		}
		this.process = process;
		if (this.samples.add(process))
			this.charts.update();
		this.showState();
		if (timeMs - this.limitsMs >= LIMITS_EVERY_MS)
			this.readLimits();
	}

	showState() {
		const {first, forecast, isolates} = this.process;
		const left = first ? `First comes ${first.name} of ${first.scope}, with ${sizeWords(first.distance)} left.` : '';
		const eta = forecast && isKnown(forecast.etaMs) ? ` ${forecast.limit} is reached ${etaText(forecast)}.`
			: forecast && forecast.reason ? ` No forecast: ${forecast.reason}.` : '';
		const isNear = forecast && isKnown(forecast.etaMs);
		this.state.className = 'verdict ' + (isNear ? 'bad' : 'good');
		this.state.replaceChildren(element('h2', {}, isNear ? 'It is running, and running out of memory.' : 'It is running.'),
			element('p', {}, left + eta + (isolates > 1 ? ` The curves are of its main isolate, not of its ${isolates - 1} workers.` : '')));
	}

	end(timeMs) {
		this.hasEnded = true;
		const last = this.samples.rows > 0 ? this.samples.time[this.samples.rows - 1] : timeMs;
		this.state.className = 'verdict calm';
		this.state.dataset.ended = 'yes';
		this.state.replaceChildren(element('h2', {}, 'It has ended.'),
			element('p', {}, `It was last seen on ${timeText(last, true)}. What is below is from then. `,
				"How it ended, 'nodemem run' and 'nodemem why' can tell."));
		for (const button of [this.ledgerButton, this.histogramButton, this.snapshotButton])
			button.disabled = true;
	}

	path(what) {
		return `/api/process/${this.process.pid}/${what}`;
	}

	async readLimits() {
		this.limitsMs = this.process.timeMs;
		try {
			this.limits.replaceChildren(limitTable(await this.ask(this.path('limits'))));
		} catch (error) {
			if (!this.hasEnded)
				this.limits.replaceChildren(element('p', {role: 'alert'}, error.message));
		}
	}

	/* Ask with the button out of reach; what went wrong stands where the answer would. */
	async fill(place, button, asked, show) {
		button.disabled = true;
		place.replaceChildren(element('p', {class: 'hint'}, 'Asking …'));
		try {
			place.replaceChildren(...show(await asked()));
		} catch (error) {
			place.replaceChildren(element('p', {role: 'alert'}, error.message));
		}
		button.disabled = this.hasEnded;
	}

	readLedger() {
		return this.fill(this.ledger, this.ledgerButton, () => this.ask(this.path('ledger')), (ledger) => [ledgerTable(ledger),
			...ledger.missing.map((text) => element('p', {class: 'hint'}, text))]);
	}

	takeHistogram() {
		return this.fill(this.classes, this.histogramButton, () => this.ask(this.path('histogram'), 'POST'), (histogram) => {
			/* As the report has it: names, counts and bytes. */
			this.histograms.push({timeMs: Date.now(), reason: 'taken', liveBytes: histogram.liveBytes,
				classCount: histogram.classes.length, stoppedMs: histogram.stoppedMs,
				classes: histogram.classes.map(({name, count, bytes}) => [name, count, bytes])});
			const before = this.histograms[Math.max(this.histograms.length - 2, 0)];
			const after = this.histograms[this.histograms.length - 1];
			return [element('p', {id: 'stopped'}, `The process was stopped for ${histogram.stoppedMs.toFixed(1)} ms.` +
				(before === after ? '' : ` Compared with ${timeText(before.timeMs)}.`)),
			classTable(before, after, before === after ? 'bytes at the end' : 'growth', false)[1]];
		});
	}

	takeSnapshot() {
		const path = this.path(this.withTexts.checked ? 'snapshot' : 'redacted-snapshot');
		return this.fill(this.snapshot, this.snapshotButton, () => this.fetchFile(path), ({name, size, headers}) =>
			[element('p', {id: 'saved'}, `${name}: ${sizeWords(size)}. The process was stopped for ` +
				`${headers.get('X-Nodemem-Stopped-Ms')} ms.`)]);
	}

	destroy() {
		this.charts.destroy();
	}
}
