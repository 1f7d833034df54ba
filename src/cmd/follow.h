/*
 * follow.h - the outlook of a process that is being sampled
 *
 * For any command that samples a process: hand each sample on, and ask for the forecast when it is wanted.
 */
#ifndef NM_CMD_FOLLOW_H
#define NM_CMD_FOLLOW_H

#include "model/outlook.h"

struct nm_follow {
	struct nm_outlook outlook;
	int64_t limits_ms; /* when the limits were read, since 1970; 0: never */
	int64_t judged_ms; /* when nm_follow_has_news() last looked */
	uint64_t told_ms;  /* the time to the limit that it last told; 0: none */
	int64_t limits_every_ms; /* a second, unless the owner says otherwise: to read them takes 0.25 ms */
	int64_t last_ms;	 /* the last sample */
};

void nm_follow_init(struct nm_follow *follow);

/* The sample was just taken from the target. Its limits are read too if it is time.
   `listener`, which may be NULL, is told of each collection. What there is no memory for is left out. */
void nm_follow_sample(struct nm_follow *follow, struct nm_target *target,
		      const struct nm_sample *sample, const struct nm_outlook_listener *listener);

/* As of the last sample. */
void nm_follow_forecast(const struct nm_follow *follow, struct nm_forecast *out);

/* Is there anything worth a line to somebody who did not ask for a forecast? */
bool nm_follow_is_news(const struct nm_forecast *forecast);

/* Is there a time to a limit that nobody was told of yet, or is it half of what was told? Looks every few seconds
   only, and remembers what it told. */
bool nm_follow_has_news(struct nm_follow *follow, struct nm_forecast *out);

void nm_follow_done(struct nm_follow *follow);

#endif
