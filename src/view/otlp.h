/*
 * otlp.h - points of a fleet as a request of OTLP/HTTP in JSON: opentelemetry.io/docs/specs/otlp
 *
 * A process is a resource, and so is nodemem itself for what is of none.
 */
#ifndef NM_VIEW_OTLP_H
#define NM_VIEW_OTLP_H

#include "model/fleet.h"

struct nm_otlp_attribute {
	const char *name, *value;
};

struct nm_otlp_options {
	const char *service; /* of the processes; "" for the name of each one's script */
	const char *host;    /* "" when not known */
	/* For all resources besides. */
	const struct nm_otlp_attribute *attributes;
	size_t attribute_count;
};

/* The body of a request, to be freed. NULL when there is no memory. */
char *nm_otlp_write(const struct nm_points *points, const struct nm_fleet *fleet,
		    const struct nm_otlp_options *options);

#endif
