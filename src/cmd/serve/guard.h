/*
 * guard.h - who may ask what: the token, sessions of the page, and what a browser tells of where a request is from
 *
 * Against pages of other sites that a browser has open: a Host that is a name could be anybody's, which leads here
 * (DNS rebinding), so it must be an address, "localhost", or a name that was allowed; an Origin must be our own.
 */
#ifndef NM_CMD_SERVE_GUARD_H
#define NM_CMD_SERVE_GUARD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

#define NM_TOKEN_MIN	  16
#define NM_TOKEN_MAX	  512
#define NM_SESSIONS_MAX	  32
#define NM_SESSION_LENGTH 64
#define NM_SESSION_S	  (12 * 3600)

struct nm_session_key {
	char text[NM_SESSION_LENGTH + 1]; /* "" for none */
	uint64_t until_ms;
};

struct nm_guard {
	char token[NM_TOKEN_MAX + 1]; /* "" when none is needed */
	const char *hosts;	      /* names that are allowed, commas between; NULL for none */
	struct nm_session_key sessions[NM_SESSIONS_MAX];
	unsigned next;
};

/* The token of a file, which nobody but its owner may read. NM_E_IO, NM_E_PERM, NM_E_LIMIT (too short, too long,
   or not one line of plain characters). */
int nm_guard_read_token(struct nm_guard *guard, const char *path, struct nm_error *err);

/* Takes as long for any `given` of one length. */
bool nm_guard_is_same(const char *secret, const char *given);

/* The header Host. */
bool nm_guard_allows_host(const struct nm_guard *guard, const char *host);

/* The header Origin, or NULL when there is none, beside Host. */
bool nm_guard_allows_origin(const char *origin, const char *host);

/* The header Authorization, or NULL. */
bool nm_guard_has_token(const struct nm_guard *guard, const char *authorization);

/* A cookie's text, or NULL. */
bool nm_guard_has_session(const struct nm_guard *guard, const char *cookie, uint64_t now_ms);

/* A new session, for a cookie; NULL when the kernel has no random numbers. The oldest one ends for it. */
const char *nm_guard_begin_session(struct nm_guard *guard, uint64_t now_ms);

/* Does the header Accept, or NULL, like OpenMetrics 1.0 at least as much as the older text? */
bool nm_guard_wants_open(const char *accept);

#endif
