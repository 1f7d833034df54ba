#include "cmd/serve/otel.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/units.h"

#define PATH	    "/v1/metrics"
#define INTERVAL_MS 60000
#define TIMEOUT_MS  10000
#define LEAST_MS    100
#define MOST_MS	    86400000
#define HEADER_MAX  8192
#define HEADERS_MAX 64

/* A variable that is there and not empty. */
static const char *variable(const char *name)
{
	const char *value = getenv(name);

	return value && value[0] ? value : NULL;
}

/* The first of two that is there; the name of the other one when neither is. */
static const char *find_variable(const char *metrics, const char *all, const char **out_name)
{
	*out_name = variable(metrics) ? metrics : all;
	return variable(*out_name);
}

#define EXPORTER_VARIABLE(tail, out_name) \
	find_variable("OTEL_EXPORTER_OTLP_METRICS_" tail, "OTEL_EXPORTER_OTLP_" tail, out_name)

static int read_ms(const char *name, const char *value, uint64_t *out, struct nm_error *err)
{
	if (value && !nm_units_parse_whole(value, LEAST_MS, MOST_MS, out))
		return nm_error_set(err, NM_E_USAGE,
				    "%s: not a whole number of milliseconds from %d on: '%s'", name,
				    LEAST_MS, value);
	return NM_OK;
}

/* ---- where to ---------------------------------------------------------------------------- */

/* Of a receiver, where it takes metrics: below its path. */
static CURLUcode add_path(CURLU *parts, bool is_whole)
{
	char *path = NULL, *longer;
	CURLUcode code = curl_url_get(parts, CURLUPART_PATH, &path, 0);
	size_t length;

	if (code != CURLUE_OK || is_whole)
		goto out;
	length = strlen(path);
	while (length > 0 && path[length - 1] == '/')
		length--;
	if (length >= strlen(PATH) &&
	    strncmp(path + length - strlen(PATH), PATH, strlen(PATH)) == 0)
		goto out;
	longer = malloc(length + sizeof(PATH));
	if (!longer) {
		code = CURLUE_OUT_OF_MEMORY;
		goto out;
	}
	memcpy(longer, path, length);
	memcpy(longer + length, PATH, sizeof(PATH));
	code = curl_url_set(parts, CURLUPART_PATH, longer, 0);
	free(longer);
out:
	curl_free(path);
	return code;
}

/* A text of libcurl's as one of ours. */
static char *take_url(CURLU *parts)
{
	char *text = NULL, *copy;

	if (curl_url_get(parts, CURLUPART_URL, &text, 0) != CURLUE_OK)
		return NULL;
	copy = strdup(text);
	curl_free(text);
	return copy;
}

static bool is_http(CURLU *parts)
{
	char *scheme = NULL;
	bool is = curl_url_get(parts, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
		  (strcmp(scheme, "http") == 0 || strcmp(scheme, "https") == 0);

	curl_free(scheme);
	return is;
}

static int read_url(struct nm_otel *otel, const char *text, bool is_whole, const char *said_by,
		    struct nm_error *err)
{
	CURLU *parts = curl_url();
	int status = NM_OK;

	if (!parts)
		return nm_error_nomem(err);
	if (curl_url_set(parts, CURLUPART_URL, text, 0) != CURLUE_OK || !is_http(parts) ||
	    add_path(parts, is_whole) != CURLUE_OK) {
		status = nm_error_set(err, NM_E_USAGE,
				      "%s: not an address like http://127.0.0.1:4318", said_by);
		goto out;
	}
	otel->url = take_url(parts);
	curl_url_set(parts, CURLUPART_USER, NULL, 0);
	curl_url_set(parts, CURLUPART_PASSWORD, NULL, 0);
	curl_url_set(parts, CURLUPART_QUERY, NULL, 0);
	otel->name = take_url(parts);
	if (!otel->url || !otel->name)
		status = nm_error_nomem(err);
out:
	curl_url_cleanup(parts);
	return status;
}

/* ---- lists ------------------------------------------------------------------------------- */

/* "%20" and such, in place. False when it hides what no list may have: a control character. */
static bool decode(char *text)
{
	char *to = text;

	for (; *text; text++) {
		unsigned value;

		if (text[0] == '%' && sscanf(text + 1, "%2x", &value) == 1 && text[1] && text[2]) {
			*to = (char)value;
			text += 2;
		} else {
			*to = *text;
		}
		if ((unsigned char)*to < 0x20 || *to == 0x7f)
			return false;
		to++;
	}
	*to = '\0';
	return true;
}

static char *trim(char *text)
{
	size_t length;

	text += strspn(text, " \t");
	length = strlen(text);
	while (length > 0 && (text[length - 1] == ' ' || text[length - 1] == '\t'))
		text[--length] = '\0';
	return text;
}

/* The next "name=value" of a list, cut off in place. False at its end; *out_value NULL: it makes no sense. */
static bool next_pair(char **list, char **out_name, char **out_value)
{
	char *pair = strsep(list, ","), *equal;

	while (pair && !*trim(pair))
		pair = strsep(list, ",");
	if (!pair)
		return false;
	equal = strchr(pair, '=');
	*out_value = NULL;
	if (!equal)
		return true;
	*equal = '\0';
	*out_name = trim(pair);
	if (!**out_name || !decode(*out_name))
		return true;
	equal = trim(equal + 1);
	*out_value = decode(equal) ? equal : NULL;
	return true;
}

static int add_header(struct nm_otel *otel, const char *name, const char *value,
		      struct nm_error *err)
{
	char line[HEADER_MAX];
	struct curl_slist *longer;

	if ((size_t)snprintf(line, sizeof(line), "%s: %s", name, value) >= sizeof(line))
		return nm_error_set(err, NM_E_USAGE, "the header %.60s for OTLP is too long", name);
	longer = curl_slist_append(otel->headers, line);
	if (!longer)
		return nm_error_nomem(err);
	otel->headers = longer;
	return NM_OK;
}

static int read_headers(struct nm_otel *otel, struct nm_error *err)
{
	const char *variable_name, *text = EXPORTER_VARIABLE("HEADERS", &variable_name);
	char *copy = strdup(text ? text : ""), *rest = copy, *name, *value;
	int status = add_header(otel, "Content-Type", "application/json", err);
	unsigned count = 0;

	if (!copy)
		return nm_error_nomem(err);
	while (status == NM_OK && next_pair(&rest, &name, &value)) {
		if (!value || strpbrk(name, ": ") || ++count > HEADERS_MAX)
			status = nm_error_set(err, NM_E_USAGE,
					      "%s: not a list like name=value,name=value",
					      variable_name);
		else if (strcasecmp(name, "Content-Type") != 0)
			status = add_header(otel, name, value, err);
	}
	free(copy);
	return status;
}

static int read_attributes(struct nm_otel *otel, struct nm_error *err)
{
	const char *text = variable("OTEL_RESOURCE_ATTRIBUTES");
	const char *service = variable("OTEL_SERVICE_NAME");
	char *rest, *name, *value;

	otel->attribute_text = rest = strdup(text ? text : "");
	if (!rest)
		return nm_error_nomem(err);
	otel->service = service ? service : "";
	while (next_pair(&rest, &name, &value)) {
		if (!value || otel->attribute_count == NM_OTEL_ATTRIBUTES_MAX)
			return nm_error_set(err, NM_E_USAGE,
					    "OTEL_RESOURCE_ATTRIBUTES: not a list like "
					    "name=value,name=value, of %d at most",
					    NM_OTEL_ATTRIBUTES_MAX);
		otel->attributes[otel->attribute_count].name = name;
		otel->attributes[otel->attribute_count++].value = value;
		if (!otel->service[0] && strcmp(name, "service.name") == 0)
			otel->service = value;
	}
	return NM_OK;
}

/* ---- all of it --------------------------------------------------------------------------- */

/* The user's SDKs may be told to send nothing; an option goes before that. */
static bool is_disabled(void)
{
	const char *disabled = variable("OTEL_SDK_DISABLED");
	const char *exporter = variable("OTEL_METRICS_EXPORTER");

	return (disabled && strcasecmp(disabled, "true") == 0) ||
	       (exporter && !strstr(exporter, "otlp"));
}

static int find_url(struct nm_otel *otel, const char *url, struct nm_error *err)
{
	const char *whole = variable("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT");
	const char *base = variable("OTEL_EXPORTER_OTLP_ENDPOINT");

	if (url)
		return read_url(otel, url, false, "--otlp", err);
	if (is_disabled())
		return NM_OK;
	if (whole)
		return read_url(otel, whole, true, "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", err);
	return base ? read_url(otel, base, false, "OTEL_EXPORTER_OTLP_ENDPOINT", err) : NM_OK;
}

int nm_otel_read(struct nm_otel *otel, const char *url, uint64_t interval_ms, struct nm_error *err)
{
	const char *name, *timeout;
	int status = find_url(otel, url, err);

	if (status != NM_OK || !otel->url)
		return status;
	otel->interval_ms = INTERVAL_MS;
	otel->timeout_ms = TIMEOUT_MS;
	otel->certificate = EXPORTER_VARIABLE("CERTIFICATE", &name);
	timeout = EXPORTER_VARIABLE("TIMEOUT", &name);
	status = read_ms(name, timeout, &otel->timeout_ms, err);
	if (status == NM_OK)
		status = read_ms("OTEL_METRIC_EXPORT_INTERVAL",
				 variable("OTEL_METRIC_EXPORT_INTERVAL"), &otel->interval_ms, err);
	if (interval_ms != 0)
		otel->interval_ms = interval_ms;
	if (status == NM_OK)
		status = read_headers(otel, err);
	if (status == NM_OK)
		status = read_attributes(otel, err);
	if (gethostname(otel->host, sizeof(otel->host)) != 0)
		otel->host[0] = '\0';
	otel->host[sizeof(otel->host) - 1] = '\0';
	return status;
}

void nm_otel_done(struct nm_otel *otel)
{
	curl_slist_free_all(otel->headers);
	free(otel->url);
	free(otel->name);
	free(otel->attribute_text);
	memset(otel, 0, sizeof(*otel));
}
