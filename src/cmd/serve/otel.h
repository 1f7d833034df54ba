/*
 * otel.h - what a user says of a receiver of OTLP, by options and by the variables that OpenTelemetry has for it
 *
 * opentelemetry.io/docs/specs/otel/protocol/exporter and .../configuration/sdk-environment-variables. The variables
 * for metrics alone go before those for all signals.
 */
#ifndef NM_CMD_SERVE_OTEL_H
#define NM_CMD_SERVE_OTEL_H

#include <curl/curl.h>

#include "base/error.h"
#include "view/otlp.h"

#define NM_OTEL_ATTRIBUTES_MAX 64

struct nm_otel {
	char *url;  /* NULL: nothing is to be sent */
	char *name; /* the same to be shown: without a password in it */
	struct curl_slist *headers;
	const char *certificate; /* file of those to trust; NULL for the system's */
	uint64_t interval_ms, timeout_ms;
	char *attribute_text; /* what the attributes are cut from */
	struct nm_otlp_attribute attributes[NM_OTEL_ATTRIBUTES_MAX];
	size_t attribute_count;
	const char *service; /* "" when not said */
	char host[256];
};

/* `url` and `interval_ms` are of the options: NULL, and 0, when they were not given. A zeroed struct is filled.
   NM_E_USAGE, NM_E_NOMEM. */
int nm_otel_read(struct nm_otel *otel, const char *url, uint64_t interval_ms, struct nm_error *err);

void nm_otel_done(struct nm_otel *otel);

#endif
