/*
 * chart.js - one chart over time: uPlot with thinned points, and what is drawn around the curves
 *
 * Series: {name, values, colour, isArea, width, dash}. Areas are drawn in their order, so each must be at least
 * as high as the next.
 */

const FONT = '12px system-ui, sans-serif';
const SIZE_STEPS = [1 / 1024, 2 / 1024, 4 / 1024, 16 / 1024, 64 / 1024, 256 / 1024, 1, 2, 5, 10, 20, 25, 50, 100,
	200, 250, 500, 1000, 2000, 2500, 5000, 10000, 20000, 50000, 100000, 1000000].map((mib) => mib * MIB);
/* What is left of A4 and of Letter between their margins. */
const PAPER_WIDTH = 650;
const DAY_MS = 86400000, MINUTE_MS = 60000;

/* Below the axis of time: the clock, or days; the day where it begins. */
function timeLabels(chart, splits, axis, space, step) {
	let before = null;
	return splits.map((ms) => {
		const date = new Date(ms), day = dayText(date);
		if (step >= DAY_MS)
			return day;
		const clock = step < 1000 ? clockText(date) + '.' + padded(date.getMilliseconds(), 3)
			: step < MINUTE_MS ? clockText(date) : clockText(date).slice(0, 5);
		const label = day === before ? clock : clock + '\n' + day;
		before = day;
		return label;
	});
}

function sizeLabels(chart, splits) {
	const decimals = splits.length > 1 && splits[1] - splits[0] < MIB ? 2 : 0;
	return splits.map((bytes) => units.inBytes ? grouped(bytes) : (bytes / MIB).toFixed(decimals));
}

class Chart {
	/* Options: label (for those who do not see it), height, top(seenMax) (how high it must be), paint(uPlot)
	   (what is drawn above the curves). */
	constructor(timeline, series, options) {
		this.timeline = timeline;
		this.series = series;
		this.options = options;
		this.hidden = new Set();
		this.host = element('div', {class: 'chart', tabindex: 0, role: 'group',
			'aria-label': options.label + '. Press ? for the keys.'});
		this.line = element('div', {class: 'pointer-line', hidden: true});
		this.dots = series.map((one) => element('div', {class: 'pointer-dot', hidden: true}));
		this.host.addEventListener('keydown', (event) => {
			if (timeline.press(event))
				event.preventDefault();
		});
		timeline.listen({range: () => this.redraw(), point: () => this.showPoint()});
	}

	/* The host must be in the page. */
	draw() {
		this.plot = new uPlot(this.describe(), this.points(), this.host);
		this.plot.over.append(this.line, ...this.dots);
		this.plot.over.addEventListener('pointermove', (event) => {
			const left = event.clientX - this.plot.over.getBoundingClientRect().left;
			this.timeline.pointAt(this.plot.posToVal(left, 'x'));
		});
		this.plot.over.addEventListener('dblclick', () => this.timeline.seeAll());
		this.observer = new ResizeObserver(() => this.resize());
		this.observer.observe(this.host);
		repaints.add(this.repaint = () => {
			this.resize();
			this.plot.redraw(false);
			this.showPoint();
		});
	}

	destroy() {
		this.observer.disconnect();
		repaints.delete(this.repaint);
		this.plot.destroy();
	}

	describe() {
		const axis = (more) => ({
			stroke: () => colour('--ink-2'), font: FONT, ticks: {stroke: () => colour('--line'), size: 4},
			grid: {stroke: () => colour('--grid'), width: 1}, ...more});
		return {
			width: this.width(), height: this.options.height, ms: 1, legend: {show: false},
			scales: {
				x: {time: true, range: () => [this.timeline.min, this.timeline.max]},
				y: {range: (plot, min, max) => [0, this.options.top(max || 0) * 1.06 || MIB]},
			},
			axes: [
				axis({values: timeLabels, space: 90, size: 42}),
				axis({values: sizeLabels, incrs: SIZE_STEPS, size: 70}),
			],
			series: [{}, ...this.series.map((one) => this.describeSeries(one))],
			cursor: {x: false, y: false, points: {show: false},
				drag: {x: true, y: false, setScale: false}},
			hooks: {draw: [(plot) => this.options.paint && this.options.paint(plot)],
				setSelect: [(plot) => this.takeSelection(plot)]},
		};
	}

	describeSeries(one) {
		return {label: one.name, stroke: () => colour(one.colour), width: one.width || 1.5,
			dash: one.dash, spanGaps: false, points: {show: (plot, i, from, to) => to - from < 40, size: 4},
			fill: one.isArea ? () => colour(one.colour) : undefined};
	}

	/* Paper is narrower than a screen, and the page is told of it before it is laid out for it. */
	width() {
		return paper.matches ? PAPER_WIDTH : Math.max(this.host.clientWidth, 240);
	}

	resize() {
		if (this.plot.width === this.width())
			return;
		this.plot.setSize({width: this.width(), height: this.options.height});
		this.redraw();
	}

	points() {
		const [from, to] = this.timeline.rows();
		return thin(this.timeline.times, this.series.map((one) => one.values), from, to, this.width());
	}

	redraw() {
		this.plot.setData(this.points());
		this.showPoint();
	}

	/* Time that was dragged over is then all that is seen. */
	takeSelection(plot) {
		const {left, width} = plot.select;
		if (width < 4)
			return;
		plot.setSelect({left: 0, top: 0, width: 0, height: 0}, false);
		this.timeline.see(plot.posToVal(left, 'x'), plot.posToVal(left + width, 'x'));
	}

	toggle(name) {
		const i = this.series.findIndex((one) => one.name === name);
		if (i < 0)
			return;
		this.plot.setSeries(i + 1, {show: !this.plot.series[i + 1].show});
		this.showPoint();
	}

	/* Exactly where the row is, not where the nearest point was drawn. */
	showPoint() {
		const {row, time, min, max} = this.timeline;
		const isSeen = row !== null && time >= min && time <= max;
		const left = isSeen ? this.plot.valToPos(time, 'x') : 0;
		this.line.hidden = !isSeen;
		this.line.style.left = left + 'px';
		this.series.forEach((one, i) => {
			const value = isSeen ? one.values[row] : NaN;
			const dot = this.dots[i];
			dot.hidden = Number.isNaN(value) || !this.plot.series[i + 1].show;
			dot.style.left = left + 'px';
			dot.style.top = this.plot.valToPos(value, 'y') + 'px';
			dot.style.background = colour(one.colour);
		});
	}
}
