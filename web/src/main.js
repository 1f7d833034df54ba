/*
 * main.js - begins: the document of the page says what it is
 */

async function start() {
	const page = JSON.parse(document.getElementById('document').textContent);
	document.getElementById('bottom').replaceChildren(
		element('p', {}, 'Made by nodemem. All of it is in this file; nothing is loaded, nothing is sent.'),
		makeHelp(page.kind === 'history' ? TIMELINE_KEYS : TREEMAP_KEYS));
	/* For those who want the numbers in the console of the browser. */
	globalThis.nodemem = {document: page, page: null};
	if (page.kind === 'history') {
		nodemem.page = await showHistory(page);
	} else {
		nodemem.page = new HeapPage(page);
		nodemem.page.show();
	}
	startTheme();
	requestAnimationFrame(() => setTimeout(() => performance.mark('drawn')));
	document.documentElement.dataset.ready = 'yes';
}

start().catch((error) => {
	document.getElementById('main').replaceChildren(
		element('p', {role: 'alert'}, `This page could not be drawn: ${error.message}. It needs a browser of 2023 or later.`));
	throw error;
});
