/*
 * openmetrics.h - points of a fleet in the text formats of Prometheus: OpenMetrics 1.0, and 0.0.4
 */
#ifndef NM_VIEW_OPENMETRICS_H
#define NM_VIEW_OPENMETRICS_H

#include "base/strbuf.h"
#include "model/fleet.h"

#define NM_OPENMETRICS_TYPE "application/openmetrics-text; version=1.0.0; charset=utf-8"
#define NM_PROMETHEUS_TYPE  "text/plain; version=0.0.4; charset=utf-8"

struct nm_openmetrics_options {
	bool is_open;	   /* OpenMetrics; else what came before it */
	bool no_pid_label; /* what then cannot be told apart is put together, as its family says */
};

/* Add the document. Labels whose text is no UTF-8 get question marks. NM_E_NOMEM, also when it is longer than
   the buffer may be. */
int nm_openmetrics_write(const struct nm_points *points, const struct nm_fleet *fleet,
			 const struct nm_openmetrics_options *options, struct nm_strbuf *out);

#endif
