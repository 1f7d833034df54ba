/*
 * limits.h - building the list of limits and finding the one that is reached first
 *
 * Filled by adding limits in the order of nodemem.h: the isolates, the process, its control groups
 * from the lowest to the topmost, the machine. Then nm_limits_judge() compares like with like.
 */
#ifndef NM_MODEL_LIMITS_H
#define NM_MODEL_LIMITS_H

#include "nodemem.h"

void nm_limits_init(struct nm_limits *limits);

/* Room for one more, all unknown; an overlong scope loses its beginning. The pointer holds until
   the next call. NULL when there is no memory. */
struct nm_limit *nm_limits_add(struct nm_limits *limits, enum nm_limit_kind kind,
			       const char *scope);

void nm_limit_set_limit(struct nm_limit *limit, bool known, uint64_t value);
/* After the limit. */
void nm_limit_set_used(struct nm_limit *limit, bool known, uint64_t value);

/* V8's limit of every isolate of the sample. NM_E_NOMEM. */
int nm_limits_add_isolates(struct nm_limits *limits, const struct nm_sample *sample);

/*
 * Find the distance to each limit that ends the process, and the least of them. A heap takes
 * memory from the kernel only as its total grows; the kernel ends a group only when its swap is
 * full too.
 */
void nm_limits_judge(struct nm_limits *limits);

/* The first limit from the list that is of this kind; NULL when there is none. */
const struct nm_limit *nm_limits_find(const struct nm_limits *limits, enum nm_limit_kind kind);

/* Of all limits where the kernel kills, the lowest. NULL when no control group sets one. */
const struct nm_limit *nm_limits_lowest_group(const struct nm_limits *limits);

/* The limit of that kind and scope; NULL when it is not in the list. */
const struct nm_limit *nm_limits_of(const struct nm_limits *limits, enum nm_limit_kind kind,
				    const char *scope);

#endif
