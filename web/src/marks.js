/*
 * marks.js - what is drawn around the curves: limits, collections, the forecast, the end
 */

/* Draw within the plot alone, in pixels of the canvas. */
function withinPlot(plot, draw) {
	const {ctx, bbox} = plot;
	ctx.save();
	ctx.beginPath();
	ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
	ctx.clip();
	draw(ctx, (time) => plot.valToPos(time, 'x', true), (bytes) => plot.valToPos(bytes, 'y', true));
	ctx.restore();
}

/* A text on a ground of its own, so that it can be read above curves. */
function paintLabel(ctx, text, x, y, colourName, align) {
	const pixel = devicePixelRatio || 1;
	ctx.font = `600 ${11 * pixel}px system-ui, sans-serif`;
	ctx.textAlign = 'left';
	ctx.textBaseline = 'middle';
	const width = ctx.measureText(text).width + 8 * pixel, height = 16 * pixel;
	const left = align === 'right' ? x - width : x;
	ctx.globalAlpha = 0.85;
	ctx.fillStyle = colour('--surface');
	ctx.fillRect(left, y - height / 2, width, height);
	ctx.globalAlpha = 1;
	ctx.fillStyle = colour(colourName);
	ctx.fillText(text, left + 4 * pixel, y);
}

/* Of the steps that a limit took: {from, to, limit}. */
function paintLimit(plot, limit) {
	withinPlot(plot, (ctx, x, y) => {
		const pixel = devicePixelRatio || 1;
		let label = null;
		ctx.strokeStyle = colour('--limit');
		ctx.lineWidth = (limit.isFirst ? 2 : 1) * pixel;
		ctx.setLineDash([8 * pixel, 5 * pixel]);
		for (const step of limit.steps) {
			const top = y(step.limit), from = x(step.from);
			ctx.beginPath();
			ctx.moveTo(from, top);
			ctx.lineTo(x(step.to), top);
			ctx.stroke();
			if (top >= plot.bbox.top && x(step.to) > plot.bbox.left)
				label = {top, text: `${limit.name} ${sizeWords(step.limit)}`};
		}
		ctx.setLineDash([]);
		if (label)
			paintLabel(ctx, label.text, plot.bbox.left + 8 * pixel, label.top + 12 * pixel,
				'--limit', 'left');
	});
}

/* A tick a pixel, where collections were. */
function paintCollections(plot, gcs) {
	withinPlot(plot, (ctx, x) => {
		const pixel = devicePixelRatio || 1, {bbox} = plot;
		const low = bbox.top + bbox.height;
		let before = -1;
		ctx.fillStyle = colour('--gc');
		for (let i = firstRow(gcs.time, plot.scales.x.min); i < gcs.rows; i++) {
			const at = Math.round(x(gcs.time[i]) / pixel);
			if (gcs.time[i] > plot.scales.x.max)
				break;
			if (at !== before)
				ctx.fillRect(at * pixel, low - 9 * pixel, pixel, 9 * pixel);
			before = at;
		}
	});
}

/* From the floor to the limit: the likely way, and the band between the earliest and the latest. */
function paintForecast(plot, forecast, end) {
	withinPlot(plot, (ctx, x, y) => {
		const pixel = devicePixelRatio || 1;
		const start = [x(forecast.fromMs), y(forecast.fromBytes)];
		const limit = y(forecast.limitBytes);
		const high = forecast.etaHighMs === null
			? [x(end), start[1]] : [x(forecast.etaHighMs), limit];
		ctx.fillStyle = ctx.strokeStyle = colour('--forecast');
		ctx.globalAlpha = 0.18;
		ctx.beginPath();
		ctx.moveTo(...start);
		ctx.lineTo(x(forecast.etaLowMs), limit);
		ctx.lineTo(...high);
		ctx.closePath();
		ctx.fill();
		ctx.globalAlpha = 1;
		ctx.lineWidth = 2 * pixel;
		ctx.setLineDash([3 * pixel, 3 * pixel]);
		ctx.beginPath();
		ctx.moveTo(...start);
		ctx.lineTo(x(forecast.etaMs), limit);
		ctx.stroke();
	});
}

/* An upright line where the process ended, and the times of findings and histograms. */
function paintMoment(plot, time, text, colourName) {
	if (!isKnown(time) || time < plot.scales.x.min || time > plot.scales.x.max)
		return;
	withinPlot(plot, (ctx, x) => {
		const pixel = devicePixelRatio || 1, {bbox} = plot;
		const at = Math.min(x(time), bbox.left + bbox.width - pixel);
		const isRight = at > bbox.left + bbox.width / 2;
		ctx.fillStyle = colour(colourName);
		ctx.fillRect(at, bbox.top, pixel, bbox.height);
		paintLabel(ctx, text, isRight ? at - 4 * pixel : at + 4 * pixel, bbox.top + bbox.height - 22 * pixel,
			colourName, isRight ? 'right' : 'left');
	});
}
