/*
 * timeline.js - what the charts of a process share: the stretch that is seen, and the row that is pointed at
 */

/* A stretch is not made shorter than so many milliseconds. */
const LEAST_SPAN_MS = 1000;

class Timeline {
	/* `times`: of the rows; `end`: how far to the right there is something to see (a forecast). */
	constructor(times, end) {
		this.times = times;
		this.first = times[0];
		this.last = Math.max(times[times.length - 1], this.first + LEAST_SPAN_MS);
		this.end = Math.max(end, this.last);
		this.min = this.first;
		this.max = this.end;
		this.row = null;
		this.listeners = [];
	}

	/* Listeners: {range(), point()}. */
	listen(listener) {
		this.listeners.push(listener);
	}

	see(min, max) {
		const span = Math.min(Math.max(max - min, LEAST_SPAN_MS), this.end - this.first);
		this.min = Math.min(Math.max(min, this.first), this.end - span);
		this.max = this.min + span;
		this.listeners.forEach((listener) => listener.range());
	}

	seeAll() {
		this.see(this.first, this.end);
	}

	/* 0.5: half as long; around the row that is pointed at, or the middle. */
	zoom(factor) {
		const seen = this.row !== null && this.time >= this.min && this.time <= this.max;
		const at = seen ? this.time : (this.min + this.max) / 2;
		this.see(at - (at - this.min) * factor, at + (this.max - at) * factor);
	}

	shift(share) {
		const by = (this.max - this.min) * share;
		this.see(this.min + by, this.max + by);
	}

	get time() {
		return this.times[this.row];
	}

	pointAt(time) {
		this.point(nearestRow(this.times, time));
	}

	/* Point at a row; the stretch follows where it is not seen. */
	point(row) {
		this.row = row === null ? null : Math.min(Math.max(row, 0), this.times.length - 1);
		if (this.row !== null && (this.time < this.min || this.time > this.max)) {
			const half = (this.max - this.min) / 2;
			this.see(this.time - half, this.time + half);
		}
		this.listeners.forEach((listener) => listener.point());
	}

	/* The rows that are seen, with one beyond each side, so that lines reach the borders. */
	rows() {
		const from = Math.max(firstRow(this.times, this.min) - 1, 0);
		return [from, Math.min(firstRow(this.times, this.max + 1) + 1, this.times.length)];
	}

	/* Rows of a step by the keyboard: a fiftieth of what is seen, where that is asked for. */
	step(isLong) {
		const [from, to] = this.rows();
		return isLong ? Math.max(Math.round((to - from) / 50), 1) : 1;
	}

	/* Was it a key of a chart? */
	press(event) {
		const row = this.row === null ? this.rows()[0] : this.row;
		const keys = {
			ArrowLeft: () => this.point(row - this.step(event.shiftKey)),
			ArrowRight: () => this.point(row + this.step(event.shiftKey)),
			Home: () => this.point(0),
			End: () => this.point(this.times.length - 1),
			'+': () => this.zoom(0.5),
			'=': () => this.zoom(0.5),
			'-': () => this.zoom(2),
			',': () => this.shift(-0.5),
			'.': () => this.shift(0.5),
			'0': () => this.seeAll(),
			Escape: () => this.seeAll(),
		};
		if (!keys[event.key] || event.ctrlKey || event.metaKey || event.altKey)
			return false;
		keys[event.key]();
		return true;
	}
}

const TIMELINE_KEYS = [
	['← →', 'in a chart: the sample before, the next one; with Shift in longer steps'],
	['Home End', 'in a chart: the first sample, the last one'],
	['+ -', 'in a chart: a shorter stretch of time, a longer one'],
	[', .', 'in a chart: earlier, later'],
	['0', 'in a chart: all of the time, as Esc and a double click'],
	['l g f', 'up to the nearest limit, major collections, forecast: shown or not'],
];
