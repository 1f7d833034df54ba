#include "cmd/serve/guard.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- the token --------------------------------------------------------------------------- */

/* One line of characters that a header can hold. */
static bool is_plain(const char *text)
{
	for (; *text; text++)
		if (*text <= ' ' || *text > '~')
			return false;
	return true;
}

static int check_token(const char *path, char *text, size_t length, struct nm_error *err)
{
	text[length] = '\0';
	if (length > 0 && text[length - 1] == '\n')
		text[--length] = '\0';
	if (length < NM_TOKEN_MIN || length > NM_TOKEN_MAX || !is_plain(text) ||
	    strlen(text) != length)
		return nm_error_set(err, NM_E_LIMIT,
				    "no token in %s: it must be one line of %d to %d printable "
				    "characters without blanks "
				    "(head -c 32 /dev/urandom | base64 makes one)",
				    path, NM_TOKEN_MIN, NM_TOKEN_MAX);
	return NM_OK;
}

int nm_guard_read_token(struct nm_guard *guard, const char *path, struct nm_error *err)
{
	char text[NM_TOKEN_MAX + 3];
	struct stat file;
	ssize_t length;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK), status;

	if (fd < 0)
		return nm_error_set_errno(err, NM_E_IO, errno, "cannot open the token file %s",
					  path);
	if (fstat(fd, &file) != 0 || !S_ISREG(file.st_mode) || (file.st_mode & 0077) != 0) {
		close(fd);
		return nm_error_set(err, NM_E_PERM,
				    "cannot take the token from %s: it must be a file that only "
				    "its owner may read (chmod 600 %s)",
				    path, path);
	}
	length = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (length < 0)
		return nm_error_set_errno(err, NM_E_IO, errno, "cannot read the token file %s",
					  path);
	status = check_token(path, text, (size_t)length, err);
	if (status == NM_OK)
		snprintf(guard->token, sizeof(guard->token), "%s", text);
	return status;
}

bool nm_guard_is_same(const char *secret, const char *given)
{
	const size_t secret_length = strlen(secret), length = strlen(given);
	volatile unsigned char difference = secret_length != length;

	for (size_t i = 0; i < length; i++)
		difference |=
			(unsigned char)(given[i] ^ secret[secret_length ? i % secret_length : 0]);
	return difference == 0;
}

bool nm_guard_has_token(const struct nm_guard *guard, const char *authorization)
{
	if (!authorization || strncasecmp(authorization, "Bearer ", 7) != 0)
		return false;
	authorization += 7;
	authorization += strspn(authorization, " ");
	return guard->token[0] && nm_guard_is_same(guard->token, authorization);
}

/* ---- sessions ---------------------------------------------------------------------------- */

bool nm_guard_has_session(const struct nm_guard *guard, const char *cookie, uint64_t now_ms)
{
	bool is_there = false;

	if (!cookie)
		return false;
	for (size_t i = 0; i < NM_SESSIONS_MAX; i++) {
		const struct nm_session_key *session = &guard->sessions[i];

		is_there |= session->text[0] && now_ms < session->until_ms &&
			    nm_guard_is_same(session->text, cookie);
	}
	return is_there;
}

const char *nm_guard_begin_session(struct nm_guard *guard, uint64_t now_ms)
{
	struct nm_session_key *session = &guard->sessions[guard->next];
	unsigned char bytes[NM_SESSION_LENGTH / 2];

	if (getrandom(bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes))
		return NULL;
	guard->next = (guard->next + 1) % NM_SESSIONS_MAX;
	for (size_t i = 0; i < sizeof(bytes); i++)
		snprintf(&session->text[2 * i], 3, "%02x", bytes[i]);
	session->until_ms = now_ms + NM_SESSION_S * 1000;
	return session->text;
}

/* ---- headers ----------------------------------------------------------------------------- */

static bool is_port(const char *text)
{
	size_t digits;

	if (*text == '\0')
		return true;
	if (*text != ':')
		return false;
	digits = strspn(text + 1, "0123456789");
	return digits <= 5 && text[1 + digits] == '\0';
}

/* Is `name` among the names with commas between them? */
static bool is_listed(const char *list, const char *name, size_t length)
{
	while (list && *list) {
		const size_t word = strcspn(list, ",");

		if (word == length && strncasecmp(list, name, length) == 0)
			return true;
		list += word + (list[word] == ',');
	}
	return false;
}

bool nm_guard_allows_host(const struct nm_guard *guard, const char *host)
{
	char name[256];
	struct in6_addr address;
	size_t length;

	if (host[0] == '[') {
		length = strcspn(host, "]");
		if (host[length] != ']' || length >= sizeof(name))
			return false;
		memcpy(name, host + 1, length - 1);
		name[length - 1] = '\0';
		return is_port(host + length + 1) && inet_pton(AF_INET6, name, &address) == 1;
	}
	length = strcspn(host, ":");
	if (length == 0 || length >= sizeof(name) || !is_port(host + length))
		return false;
	memcpy(name, host, length);
	name[length] = '\0';
	return inet_pton(AF_INET, name, &address) == 1 || strcasecmp(name, "localhost") == 0 ||
	       is_listed(guard->hosts, name, length);
}

bool nm_guard_allows_origin(const char *origin, const char *host)
{
	const char *name;

	if (!origin)
		return true;
	name = strstr(origin, "://");
	return name && (name - origin == 4 || name - origin == 5) &&
	       strncmp(origin, "http", 4) == 0 && strcasecmp(name + 3, host) == 0;
}

/* ---- Accept ------------------------------------------------------------------------------ */

/* A parameter of a media range, as "q"; NULL when it is not there. The range ends at `end`. */
static const char *find_parameter(const char *range, const char *end, const char *name)
{
	const size_t length = strlen(name);

	for (const char *at = memchr(range, ';', (size_t)(end - range)); at;
	     at = memchr(at, ';', (size_t)(end - at))) {
		at++;
		while (at < end && (*at == ' ' || *at == '\t'))
			at++;
		if ((size_t)(end - at) > length && strncasecmp(at, name, length) == 0 &&
		    at[length] == '=')
			return at + length + 1;
	}
	return NULL;
}

static double quality(const char *range, const char *end)
{
	const char *text = find_parameter(range, end, "q");
	double value = text ? strtod(text, NULL) : 1;

	return value > 0 && value <= 1 ? value : 0;
}

/* OpenMetrics without a version, or 1.0: there were drafts. */
static bool is_open_range(const char *range, const char *end)
{
	static const char type[] = "application/openmetrics-text";
	const char *version;

	if ((size_t)(end - range) < sizeof(type) - 1 ||
	    strncasecmp(range, type, sizeof(type) - 1) != 0)
		return false;
	version = find_parameter(range, end, "version");
	if (!version)
		return true;
	version += *version == '"';
	return strncmp(version, "1.0", 3) == 0;
}

static bool is_text_range(const char *range, const char *end)
{
	return (size_t)(end - range) >= 10 && strncasecmp(range, "text/plain", 10) == 0;
}

bool nm_guard_wants_open(const char *accept)
{
	double open = 0, text = 0;

	while (accept && *accept) {
		const size_t length = strcspn(accept, ",");
		const char *range = accept + strspn(accept, " \t"), *end = accept + length;
		const double value = range < end ? quality(range, end) : 0;

		if (range < end && is_open_range(range, end) && value > open)
			open = value;
		if (range < end && is_text_range(range, end) && value > text)
			text = value;
		accept = end + (*end == ',');
	}
	return open > 0 && open >= text;
}
