/*
 * live-fleet.js - all processes as a table that is kept up to date, row by row
 */

/* The same number can be another process later. */
const processKey = (process) => `${process.pid} ${process.startedMs}`;

const appName = (process) => process.app || `process ${process.pid}`;

/* "in 46.3 s (37.3 s to 58.7 s)" */
function etaText(forecast) {
	if (!forecast || !isKnown(forecast.etaMs))
		return '-';
	const high = isKnown(forecast.etaHighMs) ? durationWords(forecast.etaHighMs) : 'no latest time';
	return `in ${durationWords(forecast.etaMs)} (${durationWords(forecast.etaLowMs)} to ${high})`;
}

const FLEET_COLUMNS = [
	{name: 'process', cell: (process) => appName(process)},
	{name: '#pid', cell: (process) => String(process.pid)},
	{name: 'Node.js', cell: (process) => process.node || '-'},
	{name: '#rss', size: (process) => process.rss},
	{name: '#heapTotal', size: (process) => process.heapTotal},
	{name: '#heapUsed', size: (process) => process.heapUsed},
	{name: '#of its limit', cell: (process) => percent(process.heapUsed, process.heapSizeLimit)},
	{name: '#external', size: (process) => process.external},
	{name: '#arrayBuffers', size: (process) => process.arrayBuffers},
	{name: 'first limit', cell: (process) => process.first
		? `${process.first.name}: ${sizeWords(process.first.distance)} left` : '-'},
	{name: 'reached', cell: (process) => etaText(process.forecast)},
];

/* One row, whose cells stay and change their texts. */
class FleetRow {
	constructor(process, choose) {
		this.name = element('button', {class: 'choose', onclick: choose});
		this.cells = FLEET_COLUMNS.map((column, i) => i === 0 ? this.name : column.size ? size(NaN) : document.createTextNode(''));
		this.node = element('tr', {'data-pid': process.pid}, this.cells.map((cell, i) => element(i === 0 ? 'th' : 'td',
			{class: FLEET_COLUMNS[i].name.startsWith('#') ? 'number' : null, scope: i === 0 ? 'row' : null}, cell)));
		this.show(process);
	}

	show(process) {
		FLEET_COLUMNS.forEach((column, i) => {
			if (column.size)
				setSize(this.cells[i], column.size(process));
			else
				this.cells[i].textContent = column.cell(process);
		});
		this.node.title = process.command || '';
		this.node.classList.toggle('unread', Boolean(process.problem));
		if (process.problem)
			this.cells[FLEET_COLUMNS.length - 1].textContent = `cannot be read: ${process.problem}`;
	}

	choose(isChosen) {
		this.node.classList.toggle('chosen', isChosen);
		this.name.setAttribute('aria-pressed', String(isChosen));
	}
}

class Fleet {
	/* `choose` is told of the process whose row was pressed. */
	constructor(choose) {
		this.choose = choose;
		this.rows = new Map();
		this.chosen = null;
		this.made = table('Node.js processes', FLEET_COLUMNS.map((column) => column.name), [], {id: 'fleet'});
		this.body = this.made.querySelector('tbody');
		this.count = element('small', {});
		this.hidden = element('p', {class: 'hint'});
		this.ended = element('ul', {id: 'ended', class: 'hint'});
		this.node = section('processes', 'Node.js processes', this.count, this.made, this.hidden, this.ended);
	}

	show(fleet) {
		const there = new Set(fleet.processes.map(processKey));
		for (const [key, row] of this.rows)
			if (!there.has(key)) {
				row.node.remove();
				this.rows.delete(key);
			}
		for (const process of fleet.processes) {
			const key = processKey(process);
			const row = this.rows.get(key);
			if (row) {
				row.show(process);
				continue;
			}
			const added = new FleetRow(process, () => this.choose(key));
			this.rows.set(key, added);
			this.body.append(added.node);
		}
		this.mark(this.chosen);
		this.count.textContent = ` ${fleet.processes.length}, sizes in ${units.inBytes ? 'bytes' : 'MiB'}`;
		this.hidden.textContent = fleet.hidden > 0
			? `${fleet.hidden} more were started as node by other users and may not be looked at.` : '';
		this.ended.replaceChildren(...fleet.ended.sort((a, b) => b.endedMs - a.endedMs).slice(0, 5).map((one) =>
			element('li', {}, `${appName(one)}, process ${one.pid}, ended on ${timeText(one.endedMs)}`)));
	}

	mark(key) {
		this.chosen = key;
		for (const [name, row] of this.rows)
			row.choose(name === key);
	}
}
