/*
 * over-time.js - the charts of a process with their legends, and the table of the numbers under the pointer
 */

const swatch = (colourName) => element('span', {class: 'swatch swatch' + colourName});

/* A button that hides and shows a curve. */
function curveButton(one, chart) {
	const button = element('button', {class: 'curve', 'aria-pressed': 'true', title: 'hide or show it'},
		swatch(one.colour), one.name);
	button.addEventListener('click', () => {
		chart.toggle(one.name);
		button.setAttribute('aria-pressed', String(button.getAttribute('aria-pressed') !== 'true'));
	});
	return button;
}

/* The areas with their parts at the pointer. */
function stackLegend(areas, chart, timeline) {
	const parts = areas.map((area) => ({area, node: size(NaN)}));
	timeline.listen({range() {}, point() {
		for (const {area, node} of parts)
			setSize(node, timeline.row === null
				? NaN : area.values[timeline.row] - area.below[timeline.row]);
	}});
	return element('ul', {class: 'legend'}, parts.map(({area, node}) =>
		element('li', {'data-area': area.name}, swatch(area.colour), area.name, ' ', node)));
}

/* A row a number: at the pointer, first, last, lowest, highest. */
function numberTable(numbers, chart, timeline) {
	const now = numbers.map(() => size(NaN));
	const when = element('th', {scope: 'col', class: 'number', id: 'pointed'}, 'at the pointer');
	const rows = numbers.map((number, i) => {
		const summary = summaryOf(number.values);
		return [element('span', {}, curveButton(number, chart), element('small', {}, number.text)), now[i],
			size(summary.first), size(summary.last), size(summary.last - summary.first, {sign: true}),
			size(summary.low), size(summary.high)];
	});
	const made = table('The numbers: at the pointer, at both ends, lowest and highest',
		['number', '#now', '#first', '#last', '#change', '#lowest', '#highest'], rows, {id: 'numbers'});
	made.querySelectorAll('tbody tr').forEach((row, i) => {
		row.dataset.number = numbers[i].name;
	});
	made.querySelectorAll('th')[1].replaceWith(when);
	timeline.listen({range() {}, point() {
		when.textContent = timeline.row === null ? 'at the pointer' : timeText(timeline.time, true);
		numbers.forEach((number, i) =>
			setSize(now[i], timeline.row === null ? NaN : number.values[timeline.row]));
	}});
	return made;
}

/* A limit far above all that was seen would press the curves to the ground. */
const LIMIT_WITHIN = 1.7;

class OverTime {
	/* `process` has its tables; `index` is that of the isolate. */
	constructor(process, index) {
		const isolate = process.isolates[index];
		const others = index === 0 ? process.isolates.slice(1) : [];
		const forecast = index === 0 && process.forecast && process.forecast.limit ? process.forecast : null;
		this.process = process;
		this.samples = isolate.samples;
		this.forecast = forecast;
		this.settings = {limits: false, forecast: forecast !== null, collections: true};
		this.timeline = new Timeline(this.samples.time, this.end());
		this.numbers = numbersOf(this.samples);
		this.areas = stackOf(this.samples, others);
		this.limits = limitsOf(process, this.timeline.end);
		this.majors = majorsOf(process.gcs, index);
	}

	/* A forecast gets at most as much of the chart as what was seen. */
	end() {
		const times = this.samples.time, last = times[times.length - 1];
		if (!this.settings.forecast)
			return last;
		const latest = this.forecast.etaHighMs === null ? this.forecast.etaMs : this.forecast.etaHighMs;
		const span = Math.max(last - times[0], 60000);
		return Math.max(last, Math.min(latest + 0.05 * span, last + span));
	}

	make() {
		const options = (label, height, isStack) => ({label, height,
			top: (most) => this.top(most), paint: (plot) => this.paint(plot, isStack)});
		const lines = this.numbers.map((one) => ({...one, isArea: false}));
		this.charts = [new Chart(this.timeline, lines, options('The numbers as lines', 320, false))];
		const parts = [element('h3', {}, 'Each number, in ', unitName()), this.charts[0].host,
			numberTable(this.numbers, this.charts[0], this.timeline)];
		if (this.areas.length > 0) {
			const stack = new Chart(this.timeline, this.areas, options('What rss is made of, stacked', 260, true));
			this.charts.unshift(stack);
			parts.unshift(element('h3', {}, 'What the memory is, in ', unitName()),
				stackLegend(this.areas, stack, this.timeline), stack.host,
				isMoreThanRss(this.areas, this.samples.rss) ? element('p', {class: 'hint'}, 'Where the parts are ' +
					'more than rss, not all that V8 holds is in RAM.') : null);
		}
		return section('over-time', 'Over time', this.switches(), ...parts);
	}

	draw() {
		this.charts.forEach((chart) => chart.draw());
		this.timeline.point(this.samples.rows - 1);
	}

	destroy() {
		for (const key of this.keys)
			delete pageKeys[key];
		this.charts.forEach((chart) => chart.destroy());
	}

	switches() {
		this.keys = [];
		const one = (name, text, key) => {
			const box = element('input', {type: 'checkbox', checked: this.settings[name],
				onchange: () => {
					this.settings[name] = box.checked;
					this.changed();
				}});
			pageKeys[key] = () => box.click();
			this.keys.push(key);
			return element('label', {title: 'key ' + key}, box, ' ', text);
		};
		const button = (text, key, act) => element('button', {title: 'key ' + key, onclick: act}, text);
		return element('div', {class: 'switches'},
			this.limits.length > 0 ? one('limits', 'up to the nearest limit', 'l') : null,
			this.majors.rows > 0 ? one('collections', 'major collections', 'g') : null,
			this.forecast ? one('forecast', 'forecast', 'f') : null,
			element('span', {class: 'zoom'},
				button('+', '+', () => this.timeline.zoom(0.5)),
				button('−', '-', () => this.timeline.zoom(2)),
				button('All', '0', () => this.timeline.seeAll())),
			element('span', {class: 'hint'}, 'Drag to see a part, double-click for all.'));
	}

	changed() {
		this.timeline.end = Math.max(this.end(), this.timeline.last);
		this.timeline.seeAll();
	}

	/* How high a chart must be, when what is seen goes up to `most`. */
	top(most) {
		const {min, max} = this.timeline;
		let top = most;
		for (const limit of this.limits)
			for (const step of limit.steps)
				if (step.to >= min && step.from <= max &&
				    (this.settings.limits && limit.isFirst || step.limit <= LIMIT_WITHIN * most))
					top = Math.max(top, step.limit);
		if (this.settings.forecast && max > this.timeline.last)
			top = Math.max(top, this.forecast.limitBytes);
		return top;
	}

	paint(plot, isStack) {
		if (this.settings.collections)
			paintCollections(plot, this.majors);
		for (const limit of this.limits)
			paintLimit(plot, limit);
		if (this.settings.forecast && !isStack)
			paintForecast(plot, this.forecast, this.timeline.end);
		for (const histogram of this.process.histograms)
			paintMoment(plot, histogram.timeMs, histogram.reason, '--gc');
		if (this.process.end)
			paintMoment(plot, this.process.end.timeMs, 'end', '--limit');
	}
}
