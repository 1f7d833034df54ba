/*
 * outlook.h - the trends of one process, one for each limit above it, and the forecast from them
 *
 * Fed with samples and, now and then, with limits, or with a recording. The heap of each isolate is told by its
 * floors; a control group and the process's own limits by what is used under them; the machine by the process's
 * rss, as what others take there comes and goes.
 *
 * Owns     its trends, until nm_outlook_done().
 * Costs    4 KiB a limit, of which there are at most NM_OUTLOOK_MAX.
 */
#ifndef NM_MODEL_OUTLOOK_H
#define NM_MODEL_OUTLOOK_H

#include "model/collections.h"
#include "model/forecast.h"
#include "model/history.h"

/* Of more limits, as of a process with hundreds of workers, the first ones count. */
#define NM_OUTLOOK_MAX 64

struct nm_outlook_item {
	enum nm_limit_kind kind;
	char scope[256];
	enum nm_basis basis;
	uint64_t limit; /* for what the basis is */
	struct nm_trend trend;
	bool has_last; /* of a heap, the last look: */
	struct nm_heap_use last;
};

struct nm_outlook {
	struct nm_outlook_item *items; /* owned */
	size_t count;
	bool has_first; /* the limit that `limits` said comes first: */
	enum nm_limit_kind first_kind;
	char first_scope[256];
};

void nm_outlook_init(struct nm_outlook *outlook);
void nm_outlook_done(struct nm_outlook *outlook);

/* Told of each collection that a sample shows. */
struct nm_outlook_listener {
	void (*found)(void *context, const struct nm_isolate *isolate,
		      const struct nm_collection *collection);
	void *context;
};

/* The heaps of a sample. `listener` may be NULL. NM_E_NOMEM. */
int nm_outlook_add_sample(struct nm_outlook *outlook, const struct nm_sample *sample,
			  const struct nm_outlook_listener *listener);

/* One look at the heap of the isolate `scope`, of whose old generation the limit is `limit`: what each sample is
   taken apart into. The collections that it shows, as nm_collections_find() tells them. NM_E_NOMEM. */
int nm_outlook_add_heap(struct nm_outlook *outlook, const char *scope, uint64_t limit,
			const struct nm_heap_use *use,
			struct nm_collection found[NM_COLLECTIONS_MAX], unsigned *out_found);

/* All other limits that end the process, read with that sample. They are worth a look a second, not more.
   NM_E_NOMEM. */
int nm_outlook_add_limits(struct nm_outlook *outlook, const struct nm_sample *sample,
			  const struct nm_limits *limits);

/* All that is known of a process from a recording. NM_E_NOMEM. */
int nm_outlook_add_history(struct nm_outlook *outlook, const struct nm_history_process *process);

/*
 * The forecast as of `now_ms`, since 1970: for the limit that is reached earliest, of all for which there is one.
 * When there is none: why not, for the limit that was said to come first.
 */
void nm_outlook_forecast(const struct nm_outlook *outlook, int64_t now_ms, struct nm_forecast *out);

/* The same for a process in a recording, as of its last sample. NM_E_NOMEM. */
int nm_forecast_history(const struct nm_history_process *process, struct nm_forecast *out);

#endif
