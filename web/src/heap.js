/*
 * heap.js - the page of a heap: its classes as a treemap, what a box is, and the table of all classes
 */

const ROWS_SHOWN = 50;

/* From here on only the engine holds it; below 0 nothing does. */
const DISTANCE_SYSTEM = 100000000;
const distanceText = (distance) => distance >= 0 && distance < DISTANCE_SYSTEM ? String(distance) : '-';

const CLASS_COLUMNS = [
	{key: 'retained', at: 4, text: '#retained'},
	{key: 'shallow', at: 3, text: '#shallow'},
	{key: 'count', at: 2, text: '#objects'},
	{key: 'distance', at: 5, text: '#distance'},
];

const STATISTICS = [
	['strings', 'strings', '--kind-strings'], ['jsArrays', 'arrays', '--kind-arrays'], ['code', 'code', '--kind-code'],
	['system', 'of the engine', '--kind-system'], ['typedArrays', 'typed arrays', '--kind-buffers'],
];

/* What the bytes are for, as one bar; what is left is other objects. */
function statisticsBar(statistics) {
	const parts = STATISTICS.map(([key, name, colourName]) => ({name, colourName, bytes: statistics[key]}));
	const named = parts.reduce((all, one) => all + one.bytes, 0);
	parts.push({name: 'other objects', colourName: '--kind-objects', bytes: Math.max(statistics.total - named, 0)});
	const pieces = parts.map((one) => bar(one.bytes, statistics.total, one.colourName));
	return element('div', {},
		element('div', {class: 'statistics'}, pieces),
		element('ul', {class: 'legend'}, parts.map((one) => element('li', {}, swatch(one.colourName), one.name, ' ',
			size(one.bytes), ` ${percent(one.bytes, statistics.total)}`))));
}

class HeapPage {
	constructor(heap) {
		this.heap = heap;
		this.order = CLASS_COLUMNS[0];
		this.all = false;
		this.text = '';
		this.details = element('div', {class: 'details', 'aria-live': 'polite'});
		this.rows = element('div', {});
		this.matches = element('span', {class: 'hint', role: 'status'});
		this.treemap = new Treemap(heap.areas, (node) => this.tell(node));
	}

	show() {
		const {heap} = this;
		document.title = `${heap.subject}: nodemem report`;
		document.getElementById('top').replaceChildren(
			element('div', {class: 'line'}, element('p', {class: 'brand'}, 'nodemem report'), makeTools()),
			element('h1', {}, heap.subject, ' ', element('small', {}, 'the heap by what its objects retain')),
			element('p', {class: 'facts'}, element('b', {}, sizeWords(heap.totalBytes)), ` in ${grouped(heap.nodes)} objects ` +
				`with ${grouped(heap.edges)} references, of ${grouped(heap.classCount)} classes.` + this.origin()));
		document.body.classList.add('wide');
		document.getElementById('main').replaceChildren(
			section('statistics', 'What the bytes are', statisticsBar(heap.statistics)),
			element('div', {class: 'beside'}, this.makeMap(),
				section('classes', 'Classes', this.makeTableHead(), this.rows)));
		this.showRows();
		this.treemap.draw();
		this.tell(this.treemap.root);
	}

	origin() {
		const {via, stoppedMs, missingBytes} = this.heap;
		return (via && via !== 'core' ? ` The process was stopped for ${stoppedMs.toFixed(1)} ms (${via}).` : '') +
			(missingBytes > 0 ? ` ${sizeWords(missingBytes)} were missing: objects are not in here.` : '');
	}

	makeMap() {
		const search = element('input', {type: 'search', id: 'search', placeholder: 'a class', 'aria-label': 'search for a class',
			oninput: () => this.search(search.value)});
		pageKeys['/'] = () => search.focus();
		return section('map', 'What keeps what alive',
			element('p', {}, 'A box is all objects of one class which the objects of the box around it keep alive, and them ' +
				'alone: they would be free without those. Its area is what they retain.'),
			element('div', {class: 'switches'}, this.treemap.way, element('span', {class: 'zoom'}, search, this.matches)),
			this.treemap.host, this.details,
			element('ul', {class: 'legend'}, [...CLASS_KINDS, ['small ones together', '--kind-rest']].map(([name, colourName]) =>
				element('li', {}, swatch(colourName), name))));
	}

	/* What a box is, and its class as a whole. */
	tell(node) {
		const area = node.data, {classes, totalBytes} = this.heap;
		const way = node.ancestors().reverse().map((one) => areaName(one.data)).join(' › ');
		const facts = [['retained', size(area.retained, {withUnit: true})], ['of the heap', percent(area.retained, totalBytes)],
			['shallow', area.name === null ? '-' : size(area.shallow, {withUnit: true})], ['objects', grouped(area.count)]];
		if (area.count === 1 && area.id !== null)
			facts.push(['id', String(area.id)]);
		if (area.row !== null && area.parent !== null) {
			const [, place, count, shallow, retained, distance] = classes[area.row];
			facts.push(['all of this class: retained', size(retained, {withUnit: true})],
				['shallow', size(shallow, {withUnit: true})], ['objects', grouped(count)], ['distance', distanceText(distance)]);
			if (place)
				facts.push(['written at', place]);
		}
		this.details.replaceChildren(element('p', {class: 'way-text'}, element('b', {}, areaName(area)), ' ', element('small', {}, way)),
			element('dl', {class: 'facts'}, facts.map(([name, value]) =>
				element('div', {}, element('dt', {}, name), element('dd', {}, value)))));
	}

	search(text) {
		this.text = text;
		const count = this.treemap.search(text);
		this.showRows();
		this.matches.textContent = text === '' ? '' : ` ${grouped(count)} boxes, ${grouped(this.wanted().length)} classes`;
	}

	wanted() {
		const text = this.text.toLowerCase();
		return this.heap.classes.filter(([name]) => name.toLowerCase().includes(text));
	}

	makeTableHead() {
		const order = element('select', {'aria-label': 'order', onchange: () => {
			this.order = CLASS_COLUMNS[order.value];
			this.showRows();
		}}, CLASS_COLUMNS.map(({key}, i) => element('option', {value: i}, key)));
		return element('div', {},
			element('p', {}, 'In ', unitName(), '. Retained sizes of classes contain one another: they have no sum.'),
			element('div', {class: 'choices'}, element('label', {}, 'by ', order)));
	}

	showRows() {
		const {at} = this.order, {totalBytes, classCount, classes} = this.heap;
		const sign = this.order.key === 'distance' ? -1 : 1;
		const rows = this.wanted().sort((a, b) => sign * (b[at] - a[at]));
		const shown = rows.slice(0, this.all ? rows.length : ROWS_SHOWN);
		const made = table('Classes', ['class', '', ...CLASS_COLUMNS.map(({text}) => text)], shown.map((row) => {
			const [name, place, count, shallow, retained, distance] = row;
			return [element('span', {class: 'class-name', title: place}, name || '(no name)'), bar(retained, totalBytes, '--heap-used'),
				size(retained), size(shallow), grouped(count), distanceText(distance)];
		}), {id: 'class-table', class: 'with-bars'});
		this.rows.replaceChildren(...[made,
			rows.length > ROWS_SHOWN ? element('button', {onclick: () => {
				this.all = !this.all;
				this.showRows();
			}}, this.all ? `Only the first ${ROWS_SHOWN}` : `All ${grouped(rows.length)} classes`) : null,
			classCount > classes.length ? element('p', {class: 'hint'}, `${grouped(classCount - classes.length)} more classes, ` +
				'which retain less, are not in this page.') : null].filter(Boolean));
	}
}
