/*
 * base.js - elements, sizes, times
 *
 * All files of this folder are one script, one behind the other in one function: tools/make_page.py has the
 * order. Texts of a target become text nodes and attributes, never markup.
 */

/* element('p', {class: 'note', onclick: close}, 'text', another): children that are null are left out. */
function element(name, attributes, ...children) {
	const node = document.createElement(name);
	for (const [key, value] of Object.entries(attributes || {})) {
		if (key.startsWith('on'))
			node.addEventListener(key.slice(2), value);
		else if (value === true)
			node.setAttribute(key, '');
		else if (value !== null && value !== undefined && value !== false)
			node.setAttribute(key, value);
	}
	node.append(...children.flat().filter((child) => child !== null && child !== undefined));
	return node;
}

const MIB = 1024 * 1024;
const isKnown = (value) => typeof value === 'number' && Number.isFinite(value);
const grouped = (value) => isKnown(value) ? value.toLocaleString('en-US') : '-';

/* Sizes are MiB with two decimals, or bytes: the reader chooses for the whole page. */
const units = {inBytes: false};

function sizeText(bytes, withUnit = false) {
	if (!isKnown(bytes))
		return '-';
	if (units.inBytes)
		return grouped(bytes) + (withUnit ? ' bytes' : '');
	return (bytes / MIB).toFixed(2) + (withUnit ? ' MiB' : '');
}

const signed = (text, value) => value > 0 ? '+' + text : text;

/* An element that follows the choice of units. Options: withUnit, sign. */
function size(bytes, options = {}) {
	const node = element('data', {class: 'size', value: isKnown(bytes) ? String(bytes) : ''});
	node.options = options;
	showSize(node);
	return node;
}

function showSize(node) {
	const bytes = node.value === '' ? null : Number(node.value);
	const text = sizeText(bytes, node.options.withUnit);
	node.textContent = node.options.sign && isKnown(bytes) ? signed(text, bytes) : text;
	node.title = isKnown(bytes) ? grouped(bytes) + ' bytes' : 'not known';
}

function setSize(node, bytes) {
	node.value = isKnown(bytes) ? String(bytes) : '';
	showSize(node);
}

/* For sentences: as the command line writes them. */
function sizeWords(bytes) {
	if (!isKnown(bytes))
		return '-';
	for (const [unit, factor, decimals] of [['GiB', 1024 ** 3, 2], ['MiB', MIB, 1], ['KiB', 1024, 1]])
		if (Math.abs(bytes) >= factor)
			return (bytes / factor).toFixed(decimals) + ' ' + unit;
	return bytes + ' B';
}

function durationWords(ms) {
	const s = Math.floor(ms / 1000);
	if (ms < 1000)
		return Math.round(ms) + ' ms';
	if (s < 60)
		return (ms / 1000).toFixed(1) + ' s';
	if (s < 3600)
		return `${Math.floor(s / 60)} min ${s % 60} s`;
	if (s < 86400)
		return `${Math.floor(s / 3600)} h ${Math.floor(s / 60) % 60} min`;
	return `${Math.floor(s / 86400)} d ${Math.floor(s / 3600) % 24} h`;
}

const padded = (value, digits = 2) => String(value).padStart(digits, '0');
const dayText = (date) => `${date.getFullYear()}-${padded(date.getMonth() + 1)}-${padded(date.getDate())}`;
const clockText = (date) =>
	`${padded(date.getHours())}:${padded(date.getMinutes())}:${padded(date.getSeconds())}`;

/* Local time: "2026-05-04 13:02:11", with thousandths where they tell samples apart. */
function timeText(ms, withThousandths = false) {
	if (!isKnown(ms))
		return '-';
	const date = new Date(ms);
	return `${dayText(date)} ${clockText(date)}` +
		(withThousandths ? '.' + padded(date.getMilliseconds(), 3) : '');
}

const percent = (part, whole) => isKnown(part) && whole > 0 ? (100 * part / whole).toFixed(1) + ' %' : '-';

/* A part of the page with its heading. */
function section(id, title, ...children) {
	return element('section', {id, 'aria-labelledby': id + '-title'},
		element('h2', {id: id + '-title'}, title), ...children);
}

/* Columns: texts; "#" before one: numbers. Rows: arrays of texts and elements. */
function table(caption, columns, rows, attributes = {}) {
	const isNumber = columns.map((name) => name.startsWith('#'));
	const cell = (content, i) => i === 0
		? element('th', {scope: 'row'}, content)
		: element('td', {class: isNumber[i] ? 'number' : null}, content);
	return element('div', {class: 'scroll'}, element('table', attributes,
		element('caption', {class: 'unseen'}, caption),
		element('thead', {}, element('tr', {}, columns.map((name, i) =>
			element('th', {scope: 'col', class: isNumber[i] ? 'number' : null},
				name.replace('#', ''))))),
		element('tbody', {}, rows.map((row) => element('tr', {}, row.map(cell))))));
}
