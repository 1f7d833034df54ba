/*
 * calibrate_match.h - which words fit, step by step; shared by the two files of the finder
 */
#ifndef NM_V8_CALIBRATE_MATCH_H
#define NM_V8_CALIBRATE_MATCH_H

#include "source/v8/calibrate_find.h"

#define MIB UINT64_C(1048576)

/* How far into each object to look, in words. */
#define HEAP_WORDS	0x200
#define SPACE_WORDS	0x80
#define POINTEE_WORDS	16
#define ALLOCATOR_WORDS 0xc0
#define HEAD_WORDS	0x10 /* of the Isolate, and of the Heap for its pointer back */
#define PAIRS_MAX	4096

#define NEW_USED_MAX ((size_t)SPACE_WORDS * SPACE_WORDS * 2)

/* The numbers are printed by code that allocates: new_space grows a little after they are taken. */
#define NEW_USED_SLACK UINT64_C(65536)

/* Two words whose weighted sum is a number. */
struct pair {
	struct nm_v8_path first, second;
};

struct pairs {
	size_t count;
	struct pair items[PAIRS_MAX];
};

/* A way to compute what new_space uses. */
struct new_used {
	int32_t capacity;
	struct nm_v8_path top;
	uint64_t error; /* bytes too many, over all steps */
};

struct nm_v8_finder {
	struct nm_v8_process *process;
	struct nm_v8_layout *layout;
	struct nm_v8_pages pages;
	unsigned steps;
	nm_addr isolate, heap;
	nm_addr spaces[NM_V8_SPACE_COUNT]; /* by enum nm_v8_space */

	/* Of this step. */
	const struct nm_v8_truth *truth;
	uint64_t words[HEAP_WORDS];
	uint64_t pointees[HEAP_WORDS][POINTEE_WORDS];
	bool has_pointee[HEAP_WORDS];
	uint64_t in_space[NM_V8_SPACE_COUNT][SPACE_WORDS];
	uint64_t in_allocator[ALLOCATOR_WORDS];

	/* Of the step before. */
	uint64_t words_before[HEAP_WORDS];
	uint64_t majors_before, minors_before;

	/* What fitted at all steps so far. */
	bool external[HEAP_WORDS], via_external[HEAP_WORDS][POINTEE_WORDS];
	struct pairs external_pairs; /* external = first + second */
	struct pairs limits;	     /* heap_size_limit = 3 * first + second */
	unsigned paged_votes[SPACE_WORDS], paged_voters;
	bool large[SPACE_WORDS], read_only_used[SPACE_WORDS];
	unsigned half_votes[SPACE_WORDS][SPACE_WORDS];
	bool total_at[4];
	bool gc_counts[HEAP_WORDS];
	enum nm_v8_space area_of[ALLOCATOR_WORDS]; /* NM_V8_SPACE_COUNT: none seen */
	bool area_is_bad[ALLOCATOR_WORDS];
	size_t new_used_count;
	struct new_used new_used[NEW_USED_MAX];
};

/* Read what is to be compared; false when the process cannot be read. */
bool nm_v8_match_read_heap(struct nm_v8_finder *finder);
bool nm_v8_match_read_spaces(struct nm_v8_finder *finder);

/* How many areas are reached through the object at `allocator`, by which it is known. */
unsigned nm_v8_match_count_areas(struct nm_v8_finder *finder, nm_addr allocator);

/* Compare, and drop every place that does not fit any more. */
void nm_v8_match(struct nm_v8_finder *finder);

/* The offset of a word in its object. */
static inline int32_t nm_v8_match_offset(size_t word)
{
	return (int32_t)(word * sizeof(uint64_t));
}

static inline bool nm_v8_match_is_in_image(const struct nm_v8_finder *finder, uint64_t word)
{
	return word >= finder->process->image_first && word < finder->process->image_end;
}

#endif
