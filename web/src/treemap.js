/*
 * treemap.js - areas of the dominator tree as boxes in each other, by d3-hierarchy's treemap
 */

/* Boxes smaller than this are not looked into, and have no name. */
const LEAST_INSIDE = 26, NAME_HEIGHT = 18, NAME_WIDTH = 34;

/* What a class is, by its name: its colour. */
const CLASS_KINDS = [
	['strings', '--kind-strings', (name) => /^\((concatenated |sliced )?string\)$/.test(name)],
	['arrays', '--kind-arrays', (name) => name === '(array)' || name === 'Array'],
	['code and closures', '--kind-code', (name) => ['(compiled code)', '(code)', 'Function', '(closure)'].includes(name)],
	['of the engine', '--kind-system', (name) => name.startsWith('(') || name.startsWith('system /')],
	['collections', '--kind-collections', (name) => /^(Weak)?(Map|Set|WeakRef)$/.test(name)],
	['buffers', '--kind-buffers', (name) => /Buffer|^(Big)?(Uint|Int|Float)\d+(Clamped)?Array$/.test(name)],
	['objects', '--kind-objects', () => true],
];

function kindOf(area) {
	if (area.name === null)
		return ['small ones together', '--kind-rest'];
	return CLASS_KINDS.find(([, , is]) => is(area.name));
}

/* The areas as a tree of d3. Each knows what is not in an area within it: `own`. */
function treeOf(rows) {
	const areas = rows.map(([parent, row, name, parts, count, shallow, retained, id], index) =>
		({index, parent, row, name, parts, count, shallow, retained, id, children: []}));
	for (const area of areas)
		if (area.parent !== null)
			areas[area.parent].children.push(area);
	return d3.hierarchy(areas[0])
		.sum((area) => Math.max(area.retained - area.children.reduce((all, one) => all + one.retained, 0), 0))
		.sort((a, b) => b.value - a.value);
}

function areaName(area) {
	if (area.parent === null)
		return 'all of the heap';
	return area.name === null ? `${grouped(area.parts)} smaller classes` : area.name || '(no name)';
}

class Treemap {
	/* `chosen(node)` is told of the box that is pointed at or has the focus. */
	constructor(rows, chosen) {
		this.root = treeOf(rows);
		this.top = this.root;
		this.chosen = chosen;
		this.found = '';
		this.host = element('div', {class: 'treemap', role: 'tree', 'aria-label': 'Treemap of retained sizes. ' +
			'Arrows go from box to box, Enter looks into one, Esc goes back. Press ? for the keys.'});
		this.way = element('nav', {class: 'way', 'aria-label': 'Way to the boxes shown'});
		this.host.addEventListener('keydown', (event) => this.press(event));
		this.host.addEventListener('pointerover', (event) => this.meet(event, (node) => this.chosen(this.inTree(node))));
		this.host.addEventListener('focusin', (event) => this.meet(event, (node) => this.chosen(this.inTree(node))));
		this.host.addEventListener('dblclick', (event) => this.meet(event, (node) => this.lookInto(node)));
		this.host.addEventListener('click', (event) => this.meet(event, (node) => node.box.focus()));
	}

	/* The node whose box an event is of. */
	meet(event, act) {
		const box = event.target.closest('.box');
		if (box)
			act(this.nodes.get(Number(box.dataset.area)));
	}

	/* The host must be in the page. */
	draw() {
		const follow = () => {
			if (this.width() !== this.laidWidth)
				this.layOut();
		};
		new ResizeObserver(follow).observe(this.host);
		repaints.add(follow);
		this.layOut();
	}

	/* The box itself, or where there is nothing in it the one around. */
	lookInto(node) {
		const found = this.inTree(node);
		this.top = found.children ? found : found.parent || found;
		this.layOut();
		this.focus(this.nodes.get(node.data.index) || this.nodes.get(this.top.data.index));
	}

	focus(node) {
		if (!node || !node.box)
			return;
		this.host.querySelectorAll('.box[tabindex="0"]').forEach((box) => box.setAttribute('tabindex', -1));
		node.box.setAttribute('tabindex', 0);
		node.box.focus();
	}

	width() {
		return paper.matches ? PAPER_WIDTH : this.host.clientWidth;
	}

	layOut() {
		const width = this.laidWidth = this.width(), height = this.host.clientHeight;
		const top = this.top.copy().sum((area) =>
			Math.max(area.retained - area.children.reduce((all, one) => all + one.retained, 0), 0))
			.sort((a, b) => b.value - a.value);
		d3.treemap().size([width, height]).paddingTop(NAME_HEIGHT).paddingInner(1).paddingLeft(2)
			.paddingRight(2).paddingBottom(2).round(true)(top);
		this.nodes = new Map();
		this.host.replaceChildren();
		this.paint(top, null);
		top.box.setAttribute('tabindex', 0);
		this.way.replaceChildren(...this.top.ancestors().reverse().map((node) => element('button',
			{onclick: () => this.lookInto(node), disabled: node === this.top}, areaName(node.data))));
		this.search(this.found);
	}

	paint(node, parent) {
		const width = node.x1 - node.x0, height = node.y1 - node.y0;
		if (width < 2 || height < 2)
			return;
		const [, colourName] = kindOf(node.data);
		const hasName = width >= NAME_WIDTH && height >= NAME_HEIGHT - 4;
		const box = element('div', {class: `box box${colourName}`, role: 'treeitem', tabindex: -1,
			'data-area': node.data.index, 'aria-level': node.depth + 1,
			'aria-label': `${areaName(node.data)}, ${sizeWords(node.data.retained)} retained`},
		hasName ? element('span', {}, areaName(node.data), ' ',
			width > 130 ? element('small', {}, sizeWords(node.data.retained)) : null) : null);
		box.style.left = node.x0 + 'px';
		box.style.top = node.y0 + 'px';
		box.style.width = width + 'px';
		box.style.height = height + 'px';
		node.box = box;
		node.parent = parent;
		this.nodes.set(node.data.index, node);
		this.host.append(box);
		if (node.children && width >= LEAST_INSIDE && height >= LEAST_INSIDE + NAME_HEIGHT)
			node.children.forEach((child) => this.paint(child, node));
	}

	/* Boxes whose class has this text in its name stand out. */
	search(text) {
		this.found = text;
		const wanted = text.toLowerCase();
		this.host.classList.toggle('searched', wanted !== '');
		let count = 0;
		for (const {box, data} of this.nodes.values()) {
			const isFound = wanted !== '' && data.name !== null && data.name.toLowerCase().includes(wanted);
			box.classList.toggle('found', isFound);
			count += isFound;
		}
		return count;
	}

	press(event) {
		const box = event.target.closest('.box');
		const node = box && this.nodes.get(Number(box.dataset.area));
		if (!node || event.ctrlKey || event.metaKey || event.altKey)
			return;
		const shown = (list) => (list || []).filter((one) => one.box && one.box.isConnected);
		const siblings = node.parent ? shown(node.parent.children) : [node];
		const at = siblings.indexOf(node);
		const keys = {
			ArrowRight: () => this.focus(siblings[at + 1]),
			ArrowLeft: () => this.focus(siblings[at - 1]),
			ArrowDown: () => this.focus(shown(node.children)[0]),
			ArrowUp: () => this.focus(node.parent),
			Home: () => this.focus(siblings[0]),
			End: () => this.focus(siblings[siblings.length - 1]),
			Enter: () => this.lookInto(node),
			Escape: () => this.lookInto(this.top.parent || this.top),
			Backspace: () => this.lookInto(this.top.parent || this.top),
		};
		if (!keys[event.key])
			return;
		event.preventDefault();
		keys[event.key]();
	}

	/* What is laid out is a copy: of its node that of the whole tree. */
	inTree(node) {
		return this.root.find((one) => one.data === node.data);
	}
}

const TREEMAP_KEYS = [
	['← →', 'the box before, the next one: the larger come first'],
	['↑ ↓', 'the box around this one; the largest box in it'],
	['Enter', 'look into the box, as a double click'],
	['Esc', 'back to the box around'],
	['/', 'search for a class'],
];
