/*
 * samples.js - the numbers of one isolate, and what follows from them: stacks, limits, collections
 */

const NUMBERS = [
	{name: 'rss', colour: '--rss', text: 'the whole process, in RAM'},
	{name: 'heapTotal', colour: '--heap-total', text: 'held by V8 for objects, used or not'},
	{name: 'heapUsed', colour: '--heap-used', text: 'taken by objects, garbage included'},
	{name: 'external', colour: '--external', text: 'outside the heap, kept by objects in it'},
	{name: 'arrayBuffers', colour: '--array-buffers', text: 'of that, ArrayBuffers and Buffers'},
	{name: 'oldGenerationUsed', colour: '--old-generation', text: 'heapUsed without new_space: what the heap limit is for'},
	{name: 'swap', colour: '--swap', text: 'of the process, in swap'},
];

const hasKnown = (values) => values !== undefined && values.some((value) => !Number.isNaN(value));

/* Numbers of which something is known, in the order of the table. */
function numbersOf(samples) {
	return NUMBERS.filter((number) => hasKnown(samples[number.name]))
		.map((number) => ({...number, values: samples[number.name]}));
}

/* Of each time the sum of the heaps of the others at that time. */
function sumOfOthers(times, others) {
	const out = new Float64Array(times.length);
	for (const {samples} of others) {
		if (!samples.heapTotal)
			continue;
		for (let i = 0, at = -1; i < times.length; i++) {
			while (at + 1 < samples.rows && samples.time[at + 1] <= times[i])
				at++;
			/* A worker that has ended has none any more. */
			const isThere = at >= 0 && (at + 1 < samples.rows || times[i] - samples.time[at] < MINUTE_MS);
			if (isThere && !Number.isNaN(samples.heapTotal[at]))
				out[i] += samples.heapTotal[at];
		}
	}
	return out;
}

function column(rows, of) {
	const out = new Float64Array(rows);
	for (let i = 0; i < rows; i++)
		out[i] = of(i);
	return out;
}

const orZero = (values, i) => values === undefined || Number.isNaN(values[i]) ? 0 : values[i];

/*
 * Areas one above the other, the highest first: each holds those that follow it. Part: what it is of itself.
 * Pages that V8 holds need not be in RAM, so the parts can be more than rss; then there is no rest.
 */
function stackOf(samples, others) {
	const {rows, heapUsed, heapTotal, arrayBuffers, rss} = samples;
	const areas = [];
	let below = new Float64Array(rows);
	const add = (name, colourName, part) => {
		const start = below;
		below = column(rows, (i) => start[i] + part(i));
		areas.unshift({name, colour: colourName, isArea: true, width: 1, values: below, below: start});
	};
	if (!hasKnown(heapUsed) || !hasKnown(heapTotal))
		return areas;
	add('heap in use', '--heap-used', (i) => heapUsed[i]);
	add('heap, free', '--heap-free', (i) => Math.max(heapTotal[i] - heapUsed[i], 0));
	if (others.length > 0) {
		const sum = sumOfOthers(samples.time, others);
		add('heaps of workers', '--workers', (i) => sum[i]);
	}
	add('array buffers', '--array-buffers', (i) => orZero(arrayBuffers, i));
	if (hasKnown(rss)) {
		const named = below;
		add('the rest of rss', '--rest', (i) => Math.max(rss[i] - named[i], 0));
	}
	return areas;
}

/* Are the parts of a stack anywhere more than what is in RAM? */
const isMoreThanRss = (areas, rss) => rss !== undefined && areas.length > 0 &&
	areas[0].values.some((value, i) => value > rss[i] + MIB);

/* Each limit with the steps it took: [{name, scope, isFirst, steps: [{from, to, limit}]}]. */
function limitsOf(process, end) {
	const found = new Map();
	for (const {timeMs, name, scope, limit, isFirst} of process.limits) {
		const key = name + ' ' + scope;
		if (!found.has(key))
			found.set(key, {key, name, scope, isFirst: false, steps: [], last: null});
		const one = found.get(key);
		if (one.steps.length > 0 && one.steps[one.steps.length - 1].to === end)
			one.steps[one.steps.length - 1].to = timeMs;
		if (limit !== null)
			one.steps.push({from: timeMs, to: end, limit});
		one.isFirst = isFirst;
		one.last = limit;
	}
	return [...found.values()];
}

/* Major collections of one isolate, as columns. */
function majorsOf(gcs, isolate) {
	const rows = [];
	for (let i = 0; i < gcs.rows; i++)
		if (gcs.isMajor[i] === 1 && gcs.isolate[i] === isolate)
			rows.push(i);
	const out = {rows: rows.length, names: gcs.names};
	for (const name of ['time', 'source', 'count', 'before', 'after', 'pauseUs', 'name'])
		out[name] = Float64Array.from(rows, (row) => gcs[name] ? gcs[name][row] : NaN);
	return out;
}

/* The least, the greatest and both ends of what is known of a column. */
function summaryOf(values) {
	const out = {first: NaN, last: NaN, low: NaN, high: NaN};
	for (let i = 0; i < values.length; i++) {
		const value = values[i];
		if (Number.isNaN(value))
			continue;
		if (Number.isNaN(out.first))
			out.first = value;
		out.last = value;
		/* Not so where it is NaN. */
		if (!(value >= out.low))
			out.low = value;
		if (!(value <= out.high))
			out.high = value;
	}
	return out;
}
