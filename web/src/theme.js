/*
 * theme.js - dark and light, on screen and on paper; units; the page's own keys
 */

const repaints = new Set();

/* The value of a custom property of the style sheet, which has all colours. */
const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

function repaint() {
	for (const paint of repaints)
		paint();
}

const darkScreen = matchMedia('(prefers-color-scheme: dark)');
const paper = matchMedia('print');

/* What the reader chose, or what the system says. */
const theme = {chosen: null};

function showTheme() {
	const name = paper.matches ? 'light' : theme.chosen || (darkScreen.matches ? 'dark' : 'light');
	document.documentElement.dataset.theme = name;
	const button = document.getElementById('theme');
	if (button)
		button.textContent = name === 'dark' ? 'Light' : 'Dark';
	repaint();
}

function toggleTheme() {
	theme.chosen = document.documentElement.dataset.theme === 'dark' ? 'light' : 'dark';
	showTheme();
}

function toggleUnits() {
	units.inBytes = !units.inBytes;
	document.querySelectorAll('data.size').forEach(showSize);
	document.querySelectorAll('.unit').forEach((node) => {
		node.textContent = units.inBytes ? 'bytes' : 'MiB';
	});
	document.getElementById('units').textContent = units.inBytes ? 'MiB' : 'Bytes';
	repaint();
}

/* "in MiB", or in bytes. */
const unitName = () => element('span', {class: 'unit'}, units.inBytes ? 'bytes' : 'MiB');

function showHelp() {
	document.getElementById('help').showModal();
}

/* `keys`: pairs of a key and what it does, besides those that every page has. */
function makeHelp(keys) {
	const all = [...keys, ['t', 'dark or light'], ['b', 'sizes in bytes or in MiB'],
		['?', 'this help; Esc closes it']];
	return element('dialog', {id: 'help', 'aria-labelledby': 'help-title'},
		element('h2', {id: 'help-title'}, 'Keys'),
		element('dl', {}, all.map(([key, what]) =>
			[element('dt', {}, element('kbd', {}, key)), element('dd', {}, what)])),
		element('form', {method: 'dialog'}, element('button', {}, 'Close')));
}

function makeTools() {
	return element('div', {class: 'tools'},
		element('button', {id: 'units', title: 'key b', onclick: toggleUnits}, 'Bytes'),
		element('button', {id: 'theme', title: 'key t', onclick: toggleTheme}, 'Dark'),
		element('button', {title: 'key ?', onclick: showHelp}, 'Keys'));
}

const pageKeys = {'t': toggleTheme, 'b': toggleUnits, '?': showHelp};

function startTheme() {
	showTheme();
	darkScreen.addEventListener('change', showTheme);
	paper.addEventListener('change', showTheme);
	document.addEventListener('keydown', (event) => {
		const isText = event.target.matches('input, select, textarea');
		if (isText || event.ctrlKey || event.metaKey || event.altKey || !pageKeys[event.key])
			return;
		event.preventDefault();
		pageKeys[event.key]();
	});
}
