/*
 * classes.js - the histograms of a heap: what filled it, and what grew between two of them
 */

const CLASSES_SHOWN = 25;

/* Rows of both by name: {name, before: [count, bytes], after: [...]}; NaN where it is not known. */
function joinClasses(before, after) {
	const unknown = [NaN, NaN], none = [0, 0];
	const absent = (histogram) => histogram.classes.length < histogram.classCount ? unknown : none;
	const rows = new Map();
	const put = (histogram, side) => histogram.classes.forEach(([name, count, bytes]) => {
		if (!rows.has(name))
			rows.set(name, {name, before: absent(before), after: absent(after)});
		const row = rows.get(name);
		/* Classes of one name, written in several places, are told of together. */
		const known = side in row && row[side] !== unknown && row[side] !== none ? row[side] : none;
		row[side] = [known[0] + count, known[1] + bytes];
	});
	put(before, 'before');
	put(after, 'after');
	return [...rows.values()];
}

const CLASS_ORDERS = {
	'bytes at the end': (a, b) => (b.after[1] || 0) - (a.after[1] || 0),
	'growth': (a, b) => (b.after[1] - b.before[1] || 0) - (a.after[1] - a.before[1] || 0),
	'name': (a, b) => a.name < b.name ? -1 : 1,
};

const momentText = (histogram) => `${histogram.reason}, ${timeText(histogram.timeMs)}`;

function classTable(before, after, order, all) {
	const isOne = before === after;
	const rows = joinClasses(before, after).sort(CLASS_ORDERS[order]);
	const most = rows.reduce((high, row) => Math.max(high, row.before[1] || 0, row.after[1] || 0), 0);
	const cells = rows.slice(0, all ? rows.length : CLASSES_SHOWN).map((row) => {
		const name = element('span', {class: 'class-name'}, row.name || '(no name)');
		const bars = element('div', {class: 'bars'}, isOne ? null : bar(row.before[1], most, '--before'),
			bar(row.after[1], most, '--heap-used'));
		return isOne ? [name, bars, grouped(row.after[0]), size(row.after[1]), percent(row.after[1], after.liveBytes)]
			: [name, bars, grouped(row.before[0]), grouped(row.after[0]), size(row.before[1]), size(row.after[1]),
				size(row.after[1] - row.before[1], {sign: true}), percent(row.after[1], after.liveBytes)];
	});
	return [rows.length, table('Classes of the heap', isOne ? ['class', '', '#objects', '#size', '#of all']
		: ['class', '', '#objects first', '#last', '#size first', '#last', '#change', '#of all'], cells, {class: 'with-bars'})];
}

function histogramSection(process) {
	const {histograms} = process;
	if (histograms.length === 0)
		return null;
	const place = element('div', {});
	const choice = (label, chosen) => {
		const select = element('select', {'aria-label': label, onchange: show}, histograms.map((one, i) =>
			element('option', {value: i, selected: i === chosen}, momentText(one))));
		return select;
	};
	const before = choice('compared with', 0), after = choice('shown', histograms.length - 1);
	const order = element('select', {'aria-label': 'order', onchange: show},
		Object.keys(CLASS_ORDERS).map((name) => element('option', {value: name}, name)));
	let all = false;

	function show() {
		const [first, last] = [histograms[before.value], histograms[after.value]];
		const [count, made] = classTable(first, last, order.value, all);
		place.replaceChildren(made, count <= CLASSES_SHOWN ? '' : element('button', {onclick: () => {
			all = !all;
			show();
		}}, all ? `Only the first ${CLASSES_SHOWN}` : `All ${grouped(count)} classes`));
	}

	const result = section('classes', 'What filled the heap',
		element('p', {}, 'Live objects by class, in ', unitName(), '.'),
		element('div', {class: 'choices'},
			histograms.length > 1 ? element('span', {}, swatch('--before'), before) : null,
			element('span', {}, swatch('--heap-used'), after), element('label', {}, 'by ', order)),
		place);
	show();
	return result;
}
