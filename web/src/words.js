/*
 * words.js - what is told of a process in words: its end, the forecast, limits, collections, findings
 */

const CALM = new Set(['exit', 'signal']);

/* First of all: how it ended, why, and what to do. */
function endOf(history, process) {
	const {end} = process;
	if (!end)
		return element('div', {class: 'verdict good', id: 'end'},
			element('h2', {}, history.isComplete ? 'It was running when the recording ended.'
				: 'It was running when last seen; the recording was cut off.'),
			forecastOf(process));
	const isGood = end.cause === 'exit' && end.exitCode === 0;
	return element('div', {class: 'verdict ' + (isGood ? 'good' : CALM.has(end.cause) ? 'calm' : 'bad'), id: 'end'},
		element('h2', {}, end.headline || `It ended: ${end.cause}`),
		end.reason ? element('p', {}, end.reason) : null,
		end.advice ? element('p', {}, element('b', {}, 'What to do: '), end.advice) : null,
		element('p', {class: 'facts'}, [timeText(end.timeMs), end.cause,
			end.signal === null ? null : `signal ${end.signal}`,
			end.exitCode === null ? null : `exit code ${end.exitCode}`].filter(Boolean).join(' · ')));
}

function forecastOf(process) {
	const {forecast} = process;
	if (!forecast)
		return null;
	if (!forecast.limit)
		return element('p', {id: 'forecast'}, `No forecast: ${forecast.reason || 'nothing is known'}.`);
	const after = (ms) => durationWords(Math.max(ms - process.lastMs, 0));
	const latest = forecast.etaHighMs === null ? 'with no latest time'
		: `at the latest ${after(forecast.etaHighMs)}`;
	const growth = isKnown(forecast.growthPerHour) ? `${sizeWords(forecast.growthPerHour)} an hour` : '-';
	return element('p', {id: 'forecast'}, element('b', {}, 'Forecast: '),
		`${forecast.limit} of ${sizeWords(forecast.limitBytes)} is reached ${after(forecast.etaMs)} after the last ` +
		`sample (at the earliest ${after(forecast.etaLowMs)}, ${latest}), on ${timeText(forecast.etaMs)}. ` +
		`It grows by ${growth}, by its ${forecast.basis}.` + (forecast.reason ? ` ${forecast.reason}.` : ''));
}

/* What was used under each limit, by its key: {last, high, kills, pressure}. */
function usesOf(uses) {
	const found = new Map();
	for (let i = 0; i < uses.rows; i++) {
		const name = uses.names[uses.name[i]];
		if (!found.has(name))
			found.set(name, {last: NaN, high: NaN, kills: NaN, pressure: NaN});
		const one = found.get(name);
		const highest = (key, value) => {
			if (!Number.isNaN(value))
				one[key] = Number.isNaN(one[key]) ? value : Math.max(one[key], value);
		};
		if (!Number.isNaN(uses.used[i]))
			one.last = uses.used[i];
		highest('high', uses.used[i]);
		highest('kills', uses.kills[i]);
		highest('pressure', uses.pressure[i] / 1000);
	}
	return found;
}

/* Of a heap limit the samples of its isolate tell it. */
function heapUse(process, limit) {
	const isolate = limit.name === 'heapSizeLimit' && process.isolates.find((one) => one.name === limit.scope);
	const {oldGenerationUsed, heapUsed} = isolate ? isolate.samples : {};
	return summaryOf(hasKnown(oldGenerationUsed) ? oldGenerationUsed : heapUsed || []);
}

function limitSection(process, limits) {
	if (limits.length === 0)
		return null;
	const uses = usesOf(process.uses);
	const rows = limits.map((limit) => {
		const use = uses.get(limit.key) || {...heapUse(process, limit), kills: NaN, pressure: NaN};
		return [element('span', {}, limit.name, limit.isFirst ? element('em', {}, ' nearest') : null),
			limit.scope, limit.last === null ? 'none' : size(limit.last), size(use.last), size(use.high),
			percent(use.high, limit.last), Number.isNaN(use.pressure) ? '-' : use.pressure.toFixed(1) + ' %',
			grouped(use.kills)];
	});
	return section('limits', 'Limits', element('p', {}, 'All that can end the process for its memory, in ', unitName(), '.'),
		table('Limits', ['limit', 'of', '#limit', '#used at last', '#most used', '#of the limit', '#pressure', '#kills'],
			rows));
}

const GC_SOURCES = ['V8’s own counter', 'the used size fell', 'V8 printed it'];

/* The last few, as V8 prints them, where there are some. */
function collectionSection(process) {
	const {gcs} = process;
	if (gcs.rows === 0)
		return null;
	const count = {major: 0, minor: 0}, shown = [];
	let pauses = 0, longest = NaN;
	for (let i = 0; i < gcs.rows; i++) {
		count[gcs.isMajor[i] === 1 ? 'major' : 'minor'] += gcs.count[i];
		if (!Number.isNaN(gcs.pauseUs[i])) {
			pauses += gcs.pauseUs[i] / 1000;
			longest = Number.isNaN(longest) ? gcs.pauseUs[i] / 1000 : Math.max(longest, gcs.pauseUs[i] / 1000);
		}
	}
	for (let i = gcs.rows - 1; i >= 0 && shown.length < 10; i--)
		if (gcs.isMajor[i] === 1)
			shown.unshift([timeText(gcs.time[i]), process.isolates[gcs.isolate[i]]?.name || '-',
				gcs.names[gcs.name[i]] || 'major', size(gcs.before[i]), size(gcs.after[i]),
				size(gcs.after[i] - gcs.before[i], {sign: true}),
				Number.isNaN(gcs.pauseUs[i]) ? '-' : (gcs.pauseUs[i] / 1000).toFixed(1) + ' ms',
				GC_SOURCES[gcs.source[i]] || '-']);
	const pauseText = Number.isNaN(longest) ? '' : ` Those of known length took ${durationWords(pauses)}, the longest ` +
		`${longest.toFixed(1)} ms.`;
	return section('collections', 'Garbage collections',
		element('p', {}, `${grouped(count.major)} major and ${grouped(count.minor)} minor ones were seen.${pauseText}`),
		shown.length === 0 ? null : table('The last major collections', ['last major ones', 'isolate', 'kind', '#before',
			'#after', '#change', '#pause', 'known by'], shown));
}

function findingSection(process) {
	if (process.findings.length === 0)
		return null;
	return section('findings', 'Findings', element('ul', {class: 'findings'}, process.findings.map((finding) =>
		element('li', {class: 'severity-' + (['info', 'warning', 'critical'].includes(finding.severity)
			? finding.severity : 'info')},
		element('b', {}, finding.severity), ' ', element('code', {}, finding.id), ' ', timeText(finding.timeMs),
		element('p', {}, finding.text), finding.fix ? element('p', {}, element('b', {}, 'Do: '), finding.fix) : null))));
}
