/*
 * metrics.h - THE METRIC TABLE: every number of a sample, one row each
 *
 * Text columns, JSON keys and CSV columns follow from it, in the order of the table; what other systems get of
 * them, and by which names, is a row of exports.h.
 */
#ifndef NM_MODEL_METRICS_H
#define NM_MODEL_METRICS_H

#include "model/exports.h"
#include "nodemem.h"

enum nm_metric_scope { NM_METRIC_PROCESS, NM_METRIC_ISOLATE };
enum nm_metric_unit { NM_METRIC_BYTES, NM_METRIC_TIMES };

struct nm_metric {
	const char *key;    /* in JSON and CSV: Node's own word */
	const char *column; /* heading in text */
	const char *help;   /* one sentence for the man page */
	enum nm_export_id exported_as;
	const char *kind; /* its value of the label of that name; NULL when it has none */
	enum nm_metric_scope scope;
	enum nm_metric_unit unit;
	bool memory_usage; /* one of the five of process.memoryUsage() */
	unsigned has;	   /* enum nm_has */
	size_t offset;	   /* of its uint64_t in struct nm_sample or struct nm_isolate */
};

extern const struct nm_metric nm_metrics[];
extern const size_t nm_metric_count;

/* False when the number is not known. `isolate` may be NULL. */
bool nm_metric_get(const struct nm_metric *metric, const struct nm_sample *sample,
		   const struct nm_isolate *isolate, uint64_t *out);

#endif
