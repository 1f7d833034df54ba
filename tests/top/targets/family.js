// A parent with two children, one of which has a worker and buffers; says "ready" when all of it stands.
const { fork } = require('child_process');
const { Worker } = require('worker_threads');

const role = process.argv[2];
if (role === 'leaf') {
	setInterval(() => {}, 1000);
	process.send('ready');
} else if (role === 'worker') {
	global.kept = Array.from({ length: 20 }, () => Buffer.alloc(1 << 20, 1));
	new Worker('const a = Array.from({length: 1e5}, (_, i) => ({i})); setInterval(() => a.length, 1000);' +
		'require("worker_threads").parentPort.postMessage(1)', { eval: true })
		.on('message', () => process.send('ready'));
} else {
	let left = 2;
	for (const name of ['leaf', 'worker'])
		fork(__filename, [name]).on('message', () => {
			if (--left === 0)
				console.log('ready');
		});
	// The children end with it.
	process.stdin.on('end', () => process.exit()).resume();
}
process.on('disconnect', () => process.exit());
