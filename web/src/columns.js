/*
 * columns.js - the long tables of the page: differences, deflated, as base64 (src/view/html/pack.h)
 */

function bytesOfBase64(text) {
	if (Uint8Array.fromBase64)
		return Uint8Array.fromBase64(text);
	const packed = atob(text);
	const bytes = new Uint8Array(packed.length);
	for (let i = 0; i < packed.length; i++)
		bytes[i] = packed.charCodeAt(i);
	return bytes;
}

async function inflate(bytes) {
	const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('deflate'));
	return new Uint8Array(await new Response(stream).arrayBuffer());
}

class ColumnReader {
	constructor(bytes) {
		this.bytes = bytes;
		this.at = 0;
	}

	/* Numbers that are not known are NaN. */
	column(rows) {
		const {bytes} = this;
		const out = new Float64Array(rows);
		let at = this.at, last = 0;
		for (let i = 0; i < rows; i++) {
			let byte = bytes[at++], code = byte & 0x7f;
			/* Not by shifts: those have 32 bits. */
			for (let factor = 0x80; byte >= 0x80; factor *= 0x80) {
				byte = bytes[at++];
				code += (byte & 0x7f) * factor;
			}
			if (code === 0) {
				out[i] = NaN;
				continue;
			}
			last += code % 2 === 0 ? -code / 2 : (code - 1) / 2;
			out[i] = last;
		}
		this.at = at;
		return out;
	}

	/* {rows: N, columns: ["time", ...]} becomes {rows: N, time: Float64Array, ...}. */
	table(described) {
		const out = {rows: described.rows, names: described.names || []};
		for (const name of described.columns)
			out[name] = this.column(described.rows);
		return out;
	}
}

/* In the order in which src/view/html/history.c puts them. */
async function readTables(processes) {
	const packed = document.getElementById('columns');
	const reader = new ColumnReader(await inflate(bytesOfBase64(packed.textContent)));
	packed.remove();
	for (const process of processes) {
		for (const isolate of process.isolates)
			isolate.samples = reader.table(isolate.samples);
		for (const name of ['gcs', 'uses', 'spaces'])
			process[name] = reader.table(process[name]);
	}
}
