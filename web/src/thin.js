/*
 * thin.js - as many points as can be seen: of each column of pixels the lowest and the highest
 */

/* The first row at or after `time`. */
function firstRow(times, time) {
	let low = 0, high = times.length;
	while (low < high) {
		const middle = (low + high) >> 1;
		if (times[middle] < time)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

function nearestRow(times, time) {
	const after = firstRow(times, time);
	if (after === 0 || after < times.length && times[after] - time <= time - times[after - 1])
		return Math.min(after, times.length - 1);
	return after - 1;
}

/* Nobody looked for so long that a line would claim too much: much longer than before and after. */
const GAP_TIMES = 20, GAP_LEAST_MS = 60000;

function isGap(times, row) {
	const wait = times[row] - times[row - 1];
	return wait > GAP_LEAST_MS &&
		!(row > 1 && wait <= GAP_TIMES * (times[row - 1] - times[row - 2])) &&
		!(row + 1 < times.length && wait <= GAP_TIMES * (times[row + 1] - times[row]));
}

/*
 * Rows from `from` to before `to` as arrays for uPlot, [x, y, y, ...], in which what is not known is null.
 * All rows where there are few; else two points for each of `buckets` stretches of time: of each column the
 * lowest and the highest value, in the order in which they came.
 */
function thin(times, columns, from, to, buckets) {
	const out = [[], ...columns.map(() => [])];
	const span = times[to - 1] - times[from];
	const all = to - from <= 4 * buckets || !(span > 0);
	const plain = (value) => Number.isNaN(value) ? null : value;
	let end;

	for (let row = from; row < to; row = end) {
		if (row > from && isGap(times, row)) {
			out[0].push(times[row - 1] + 1);
			columns.forEach((_, i) => out[i + 1].push(null));
		}
		end = row + 1;
		if (!all) {
			const bucket = Math.floor((times[row] - times[from]) / span * buckets);
			const border = times[from] + (bucket + 1) / buckets * span;
			while (end < to && times[end] < border && !isGap(times, end))
				end++;
		}
		if (end - row === 1) {
			out[0].push(times[row]);
			columns.forEach((column, i) => out[i + 1].push(plain(column[row])));
			continue;
		}
		out[0].push(times[row], times[end - 1]);
		columns.forEach((column, i) => out[i + 1].push(...extremes(column, row, end)));
	}
	return out;
}

function extremes(column, from, to) {
	let low = Infinity, high = -Infinity, lowRow = -1, highRow = -1;
	for (let row = from; row < to; row++) {
		const value = column[row];
		if (value < low) {
			low = value;
			lowRow = row;
		}
		if (value > high) {
			high = value;
			highRow = row;
		}
	}
	if (lowRow < 0)
		return [null, null];
	return lowRow < highRow ? [low, high] : [high, low];
}
