#include "model/deaths.h"

#include <stdlib.h>
#include <string.h>

#include "model/verdict.h"

const char *nm_file_kind_name(enum nm_file_kind kind)
{
	static const char *const names[] = {
		[NM_FILE_LOG] = "log",
		[NM_FILE_REPORT] = "report",
		[NM_FILE_RECORDING] = "recording",
	};

	return names[kind];
}

void nm_deaths_init(struct nm_deaths *deaths)
{
	memset(deaths, 0, sizeof(*deaths));
}

static void free_death(struct nm_death *death)
{
	nm_ending_done(&death->ending);
	free(death);
}

struct nm_death *nm_deaths_add(struct nm_deaths *deaths)
{
	struct nm_death *death = calloc(1, sizeof(*death));

	if (!death)
		return NULL;
	nm_ending_init(&death->ending);
	death->ending.exit_code = NM_EXIT_UNKNOWN;
	if (deaths->count == NM_DEATHS_MAX) {
		free_death(deaths->items[0]);
		memmove(&deaths->items[0], &deaths->items[1],
			--deaths->count * sizeof(deaths->items[0]));
	}
	deaths->items[deaths->count++] = death;
	deaths->total++;
	return death;
}

struct nm_death *nm_deaths_last(struct nm_deaths *deaths)
{
	return deaths->count > 0 ? deaths->items[deaths->count - 1] : NULL;
}

void nm_deaths_finish(struct nm_deaths *deaths)
{
	for (size_t i = 0; i < deaths->count; i++)
		if (deaths->items[i]->ending.source != NM_ENDING_RECORDING)
			nm_verdict_reach(&deaths->items[i]->ending);
}

void nm_deaths_done(struct nm_deaths *deaths)
{
	if (!deaths)
		return;
	for (size_t i = 0; i < deaths->count; i++)
		free_death(deaths->items[i]);
	memset(deaths, 0, sizeof(*deaths));
}
