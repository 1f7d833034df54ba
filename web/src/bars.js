/*
 * bars.js - the ledger at start and end, and the spaces of the heap
 */

/* A bar as long as its part of `most`. */
function bar(value, most, colourName) {
	const node = element('span', {class: 'bar swatch' + colourName, 'aria-hidden': 'true'});
	node.style.width = `${most > 0 && isKnown(value) ? 100 * value / most : 0}%`;
	return node;
}

/* Groups that were there at one of both times, the largest at the end first. */
function ledgerSection(process) {
	const [start, last] = process.ledgers;
	if (!start)
		return null;
	const end = last || start;
	const groups = Object.keys(end.rss).filter((group) => start.rss[group] || end.rss[group])
		.sort((a, b) => (end.rss[b] || 0) - (end.rss[a] || 0));
	const sum = (ledger) => Object.values(ledger.rss).reduce((all, value) => all + (value || 0), 0);
	const most = Math.max(...groups.flatMap((group) => [start.rss[group] || 0, end.rss[group] || 0]));
	const row = (name, before, after, bars) => last
		? [name, bars, size(before), size(after), size(after - before, {sign: true})] : [name, bars, size(before)];
	const rows = groups.map((group) => row(group, start.rss[group], end.rss[group], element('div', {class: 'bars'},
		bar(start.rss[group], most, '--before'), last ? bar(end.rss[group], most, '--heap-used') : null)));
	rows.push(row('all of rss', sum(start), sum(end), ''));
	const when = last ? [swatch('--before'), ` ${timeText(start.timeMs)}, `, swatch('--heap-used'), ` ${timeText(end.timeMs)}`]
		: [`on ${timeText(start.timeMs)}`];
	return section('ledger', 'What is resident',
		element('p', {}, 'Every resident byte by what it is, in ', unitName(), ': ', ...when, '.'),
		table('What is resident, first and last', last ? ['group', '', '#first', '#last', '#change'] : ['group', '', '#bytes'],
			rows, {class: 'with-bars'}));
}

/* Spaces of an isolate as areas over time: a row a time, a column a space. */
function spacesOf(spaces, isolate) {
	const times = [], columns = spaces.names.map(() => []);
	for (let i = 0; i < spaces.rows; i++) {
		if (spaces.isolate[i] !== isolate || Number.isNaN(spaces.name[i]))
			continue;
		if (times.length === 0 || spaces.time[i] > times[times.length - 1]) {
			times.push(spaces.time[i]);
			columns.forEach((column) => column.push(0));
		}
		columns[spaces.name[i]][times.length - 1] = spaces.size[i] || 0;
	}
	return {times: Float64Array.from(times), columns};
}

const SPACE_COLOURS = ['--heap-used', '--array-buffers', '--old-generation', '--external', '--workers', '--heap-free',
	'--swap', '--rest'];

/* NULL where there are none; else {section, draw, destroy}. */
function spaceSection(process, isolate) {
	const {times, columns} = spacesOf(process.spaces, isolate);
	if (times.length < 2)
		return null;
	const timeline = new Timeline(times, times[times.length - 1]);
	const last = times.length - 1;
	const areas = [];
	let below = new Float64Array(times.length);
	/* The largest at the end is the lowest. */
	const order = columns.map((values, i) => ({values, name: process.spaces.names[i]}))
		.filter(({values}) => values.some((value) => value > 0))
		.sort((a, b) => b.values[last] - a.values[last]);
	order.forEach(({values, name}, i) => {
		const start = below;
		below = column(times.length, (row) => start[row] + values[row]);
		areas.unshift({name, isArea: true, width: 1, values: below, below: start,
			colour: SPACE_COLOURS[Math.min(i, SPACE_COLOURS.length - 1)]});
	});
	const chart = new Chart(timeline, areas, {label: 'Spaces of the heap, stacked', height: 220, top: (most) => most});
	const draw = () => {
		chart.draw();
		timeline.point(last);
	};
	return {draw, destroy: () => chart.destroy(), section: section('spaces', 'Spaces of the heap',
		element('p', {}, 'What V8 holds for each space, in ', unitName(), '.'),
		stackLegend(areas, chart, timeline), chart.host)};
}
