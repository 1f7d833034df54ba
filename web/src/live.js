/*
 * live.js - the live page: listens to the server, and says when it hears nothing
 */

/* The server speaks once a second. */
const SILENCE_MS = 5000, AGAIN_MS = 2000;
/* So long the browser has to take a file that is there already. */
const LINK_MS = 60000;

/* An answer, or an error that says in words what the server said. */
async function request(path, method) {
	const answer = await fetch(path, {method, headers: {'X-Nodemem': 'page'}});
	if (answer.ok)
		return answer;
	const text = await answer.text();
	let words = text.trim();
	try {
		words = JSON.parse(text).error.message;
	} catch {
		/* It is plain text. */
	}
	const error = new Error(words || `the server answered with the status ${answer.status}`);
	error.status = answer.status;
	throw error;
}

const ask = async (path, method = 'GET') => (await request(path, method)).json();

/* A file, which the browser keeps as it does with every other: {name, size, headers}. */
async function fetchFile(path) {
	const answer = await request(path, 'POST');
	const name = /filename="([\w.-]+)"/.exec(answer.headers.get('Content-Disposition'))[1];
	const content = await answer.blob();
	const link = element('a', {href: URL.createObjectURL(content), download: name});
	link.click();
	setTimeout(() => URL.revokeObjectURL(link.href), LINK_MS);
	return {name, size: content.size, headers: answer.headers};
}

class LivePage {
	constructor() {
		this.fleet = new Fleet((key) => this.choose(key));
		this.last = null;
		this.process = null;
		this.place = element('div', {});
		this.connection = element('span', {id: 'connection', role: 'status'});
	}

	make() {
		document.getElementById('top').replaceChildren(element('div', {class: 'line'},
			element('p', {class: 'brand'}, 'nodemem serve ', this.connection), makeTools()));
		document.getElementById('main').replaceChildren(this.fleet.node, this.place);
	}

	showConnection(state, words) {
		document.documentElement.dataset.connection = state;
		this.connection.className = 'connection ' + state;
		this.connection.textContent = words;
	}

	/* The token, which a cookie stands for from then on. */
	showLogin(words) {
		const field = element('input', {type: 'password', id: 'token', autocomplete: 'current-password', required: true});
		const problem = element('p', {role: 'alert'}, words);
		const form = element('form', {id: 'login', onsubmit: async (event) => {
			event.preventDefault();
			const answer = await fetch('/login', {method: 'POST', headers: {Authorization: `Bearer ${field.value.trim()}`}})
				.catch(() => null);
			if (answer && answer.ok)
				this.start();
			else
				problem.textContent = answer ? 'That is not the token.' : 'The server does not answer.';
		}}, element('label', {}, 'Token ', field), ' ', element('button', {}, 'Enter'), problem);
		document.getElementById('main').replaceChildren(section('login-section', 'This server asks for its token',
			element('p', {}, 'It is in the file that nodemem serve was given as --token-file.'), form));
		this.showConnection('lost', 'not let in');
		field.focus();
	}

	async start() {
		try {
			const fleet = await ask('/api/processes');
			this.make();
			this.take(fleet);
			this.listen();
		} catch (error) {
			if (error.status === 401) {
				this.make();
				this.showLogin('');
				return;
			}
			this.lose();
			setTimeout(() => this.start(), AGAIN_MS);
		}
	}

	listen() {
		this.source = new EventSource('/events');
		this.source.onmessage = (event) => this.take(JSON.parse(event.data));
		this.source.onerror = () => {
			this.lose();
			/* A refusal ends it for good: as after a restart that forgot the sessions. */
			if (this.source.readyState === EventSource.CLOSED)
				setTimeout(() => this.start(), AGAIN_MS);
		};
	}

	lose() {
		clearTimeout(this.silence);
		this.showConnection('lost', this.last
			? `connection lost; what is shown is of ${timeText(this.last.timeMs)}. Trying again …`
			: 'the server does not answer. Trying again …');
	}

	take(fleet) {
		clearTimeout(this.silence);
		this.silence = setTimeout(() => this.lose(), SILENCE_MS);
		this.last = fleet;
		this.showConnection('live', `live, ${timeText(fleet.timeMs)}`);
		this.fleet.show(fleet);
		const find = (key) => fleet.processes.find((one) => processKey(one) === key && isKnown(one.timeMs));
		if (this.process)
			this.process.update(find(this.process.key), fleet.timeMs);
		else if (fleet.processes.some((one) => isKnown(one.timeMs)) && !this.isChoosing)
			this.choose(processKey(fleet.processes.filter((one) => isKnown(one.timeMs))
				.reduce((most, one) => one.rss > most.rss ? one : most)));
		document.documentElement.dataset.ready = 'yes';
	}

	/* Show another process, with what the server remembers of it. */
	async choose(key) {
		const process = this.last.processes.find((one) => processKey(one) === key);
		if (!process || !isKnown(process.timeMs))
			return;
		this.isChoosing = true;
		try {
			const past = await ask(`/api/process/${process.pid}/past`);
			if (past.startedMs !== process.startedMs || past.timeMs.length === 0)
				return;
			if (this.process)
				this.process.destroy();
			this.process = new LiveProcess(process, past, {ask, fetchFile}, this.last.allowActions);
			this.place.replaceChildren(this.process.make());
			this.process.draw();
			this.fleet.mark(key);
			document.title = `${appName(process)} (${process.pid}): nodemem`;
		} catch (error) {
			this.place.replaceChildren(element('p', {role: 'alert'}, error.message));
		} finally {
			this.isChoosing = false;
		}
	}
}

function startLive() {
	const page = new LivePage();
	document.getElementById('bottom').replaceChildren(
		element('p', {}, 'Told by nodemem serve, once a second. Nothing is loaded from anywhere else.'),
		makeHelp(TIMELINE_KEYS.filter(([key]) => key !== 'l g f')));
	/* For those who want the numbers in the console of the browser. */
	globalThis.nodemem = {page};
	page.make();
	startTheme();
	page.start();
}

startLive();
