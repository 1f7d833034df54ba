#include "source/v8/calibrate_match.h"

#include <string.h>

bool nm_v8_match_read_heap(struct nm_v8_finder *finder)
{
	struct nm_reader *reader = finder->process->reader;

	if (!nm_reader_get(reader, finder->heap, finder->words, sizeof(finder->words)))
		return false;
	for (size_t i = 0; i < HEAP_WORDS; i++)
		finder->has_pointee[i] =
			nm_addr_is_plausible(finder->words[i]) &&
			nm_maps_find(&finder->process->maps, finder->words[i]) != NULL &&
			nm_reader_get(reader, finder->words[i], finder->pointees[i],
				      sizeof(finder->pointees[i]));
	return true;
}

bool nm_v8_match_read_spaces(struct nm_v8_finder *finder)
{
	struct nm_reader *reader = finder->process->reader;
	int32_t at = finder->layout->heap_allocator;

	for (int kind = 0; kind < NM_V8_SPACE_COUNT; kind++)
		if (finder->spaces[kind] &&
		    !nm_reader_get(reader, finder->spaces[kind], finder->in_space[kind],
				   sizeof(finder->in_space[kind])))
			return false;
	return at == NM_V8_NONE ||
	       nm_reader_get(reader, finder->words[(size_t)at / 8], finder->in_allocator,
			     sizeof(finder->in_allocator));
}

/* `fits` of a place so far, and now. */
static bool still(const struct nm_v8_finder *finder, bool fits, bool now)
{
	return now && (fits || finder->steps == 0);
}

static void match_external(struct nm_v8_finder *finder)
{
	uint64_t external = finder->truth->external;

	for (size_t i = 0; i < HEAP_WORDS; i++) {
		finder->external[i] =
			still(finder, finder->external[i], finder->words[i] == external);
		for (size_t k = 0; k < POINTEE_WORDS; k++)
			finder->via_external[i][k] =
				still(finder, finder->via_external[i][k],
				      finder->has_pointee[i] && finder->pointees[i][k] == external);
	}
}

static uint64_t at_path(const struct nm_v8_finder *finder, const struct nm_v8_path *path)
{
	size_t i = (size_t)path->at / 8;

	if (path->then == NM_V8_NONE)
		return finder->words[i];
	return finder->has_pointee[i] ? finder->pointees[i][path->then / 8] : UINT64_MAX;
}

static void add_pair(struct pairs *pairs, size_t first, size_t second, int32_t then)
{
	if (pairs->count < PAIRS_MAX)
		pairs->items[pairs->count++] =
			(struct pair){{nm_v8_match_offset(first), NM_V8_NONE},
				      {nm_v8_match_offset(second), then}};
}

/* Every word of the Heap and of the objects it points to that is `rest`: words first. */
static void add_pairs(struct nm_v8_finder *finder, struct pairs *pairs, size_t first, uint64_t rest)
{
	for (size_t i = 0; i < HEAP_WORDS; i++)
		if (finder->words[i] == rest)
			add_pair(pairs, first, i, NM_V8_NONE);
	for (size_t i = 0; i < HEAP_WORDS; i++)
		for (size_t k = 0; finder->has_pointee[i] && k < POINTEE_WORDS; k++)
			if (finder->pointees[i][k] == rest)
				add_pair(pairs, first, i, nm_v8_match_offset(k));
}

/* `weight` times a word of the Heap, plus a word of it or of an object it points to. */
static void match_pairs(struct nm_v8_finder *finder, struct pairs *pairs, uint64_t weight,
			uint64_t sum)
{
	size_t kept = 0;

	for (size_t i = 0; i < pairs->count; i++) {
		const struct pair *pair = &pairs->items[i];

		if (weight * at_path(finder, &pair->first) + at_path(finder, &pair->second) == sum)
			pairs->items[kept++] = *pair;
	}
	pairs->count = kept;
	for (size_t i = 0; finder->steps == 0 && i < HEAP_WORDS; i++) {
		uint64_t word = finder->words[i];
		bool is_semi_space = (word & (word - 1)) == 0 && word >= MIB && word <= 512 * MIB;

		if (word > 0 && word < sum / weight && (weight == 1 || is_semi_space))
			add_pairs(finder, pairs, i, sum - weight * word);
	}
}

/* Paged spaces are of one class: the offset where most of them have their used size. Not all: an
   area in use makes old_space's differ. */
static void match_paged(struct nm_v8_finder *finder, enum nm_v8_space kind, uint64_t used)
{
	if (kind != NM_V8_SPACE_OLD && kind != NM_V8_SPACE_CODE && kind != NM_V8_SPACE_MAP &&
	    kind != NM_V8_SPACE_TRUSTED)
		return;
	finder->paged_voters++;
	for (size_t k = 0; k < SPACE_WORDS; k++)
		finder->paged_votes[k] += finder->in_space[kind][k] == used;
}

/* The two halves of new_space are spaces themselves, embedded in it. A page taken after the
   process printed its numbers spoils a step. */
static void match_halves(struct nm_v8_finder *finder, uint64_t size)
{
	const uint64_t *words = finder->in_space[NM_V8_SPACE_NEW];
	const size_t committed = NM_V8_SPACE_COMMITTED / 8;

	for (size_t a = 4; a < SPACE_WORDS - committed; a++)
		for (size_t b = a + 1; b < SPACE_WORDS - committed; b++)
			finder->half_votes[a][b] +=
				nm_v8_match_is_in_image(finder, words[a]) &&
				words[a + 1] == finder->heap &&
				nm_v8_match_is_in_image(finder, words[b]) &&
				words[b + 1] == finder->heap &&
				words[a + committed] + words[b + committed] == size;
}

static void match_spaces(struct nm_v8_finder *finder)
{
	const struct nm_v8_truth *truth = finder->truth;

	for (uint32_t i = 0; i < truth->space_count; i++) {
		enum nm_v8_space kind = truth->spaces[i];

		match_paged(finder, kind, truth->used[i]);
		if (kind == NM_V8_SPACE_NEW)
			match_halves(finder, truth->size[i]);
		for (size_t k = 0; k < SPACE_WORDS; k++) {
			bool equal = finder->in_space[kind][k] == truth->used[i];

			if (kind == NM_V8_SPACE_LARGE)
				finder->large[k] = still(finder, finder->large[k], equal);
			if (kind == NM_V8_SPACE_READ_ONLY)
				finder->read_only_used[k] =
					still(finder, finder->read_only_used[k], equal);
		}
	}
}

/* Did the two counts in a word grow by as many collections as there were? */
static bool has_grown(uint64_t before, uint64_t now, uint64_t majors, uint64_t all, bool exactly)
{
	uint64_t low = (now & UINT32_MAX) - (before & UINT32_MAX),
		 high = (now >> 32) - (before >> 32);

	if (exactly)
		return low == majors && high == all;
	/* What went down is above every count of collections here. */
	return low >= majors && low <= INT32_MAX && high >= all && high <= INT32_MAX;
}

static void match_gc_counts(struct nm_v8_finder *finder)
{
	const struct nm_v8_truth *truth = finder->truth;
	uint64_t majors = truth->major_gcs - finder->majors_before;
	uint64_t all = majors + truth->minor_gcs - finder->minors_before;

	for (size_t i = 0; i < HEAP_WORDS; i++) {
		uint64_t now = finder->words[i];
		bool is_good = (now & UINT32_MAX) <= now >> 32;

		if (finder->steps > 0)
			is_good = is_good && has_grown(finder->words_before[i], now, majors, all,
						       truth->only_collected);
		finder->gc_counts[i] = still(finder, finder->gc_counts[i], is_good);
	}
	memcpy(finder->words_before, finder->words, sizeof(finder->words));
	finder->majors_before = truth->major_gcs;
	finder->minors_before = truth->minor_gcs;
}

static void match_array_buffers(struct nm_v8_finder *finder)
{
	nm_addr allocator = 0;
	uint64_t words[4] = {0};

	nm_reader_word(finder->process->reader,
		       finder->isolate + (uint64_t)finder->layout->isolate_allocator, &allocator);
	nm_reader_get(finder->process->reader, allocator, words, sizeof(words));
	for (size_t i = 0; i < 4; i++)
		finder->total_at[i] = still(finder, finder->total_at[i],
					    words[i] == finder->truth->array_buffers);
}

static const struct nm_v8_page *page_of(const struct nm_v8_finder *finder, nm_addr addr)
{
	for (size_t i = 0; i < finder->pages.count; i++) {
		const struct nm_v8_page *page = &finder->pages.items[i];

		if (page->heap == finder->heap && addr >= page->area_start &&
		    addr <= page->area_end)
			return page;
	}
	return NULL;
}

static enum nm_v8_space space_of(const struct nm_v8_finder *finder, const struct nm_v8_page *page)
{
	const uint64_t new_space = finder->spaces[NM_V8_SPACE_NEW];

	for (int kind = 0; kind < NM_V8_SPACE_COUNT; kind++)
		if (finder->spaces[kind] && page->owner == finder->spaces[kind])
			return (enum nm_v8_space)kind;
	if (page->owner > new_space && page->owner - new_space < SPACE_WORDS * 8)
		return NM_V8_SPACE_NEW;
	return NM_V8_SPACE_COUNT;
}

/* Whose is the area in use { start, top, limit } at `addr`? */
static enum nm_v8_space owner_of_area(const struct nm_v8_finder *finder, nm_addr addr)
{
	const struct nm_v8_page *page;
	uint64_t area[3];

	if (!nm_addr_is_plausible(addr) || !nm_maps_find(&finder->process->maps, addr) ||
	    !nm_reader_get(finder->process->reader, addr, area, sizeof(area)) || area[0] == 0 ||
	    area[0] > area[1] || area[1] > area[2])
		return NM_V8_SPACE_COUNT;
	page = page_of(finder, area[0]);
	return page && area[2] <= page->area_end ? space_of(finder, page) : NM_V8_SPACE_COUNT;
}

unsigned nm_v8_match_count_areas(struct nm_v8_finder *finder, nm_addr allocator)
{
	uint64_t words[ALLOCATOR_WORDS];
	unsigned count = 0;

	if (!nm_addr_is_plausible(allocator) || !nm_maps_find(&finder->process->maps, allocator) ||
	    !nm_reader_get(finder->process->reader, allocator, words, sizeof(words)))
		return 0;
	for (size_t i = 0; i < ALLOCATOR_WORDS; i++)
		count += owner_of_area(finder, words[i]) != NM_V8_SPACE_COUNT;
	return count;
}

static void match_areas(struct nm_v8_finder *finder)
{
	for (size_t i = 0; i < ALLOCATOR_WORDS; i++) {
		enum nm_v8_space kind = owner_of_area(finder, finder->in_allocator[i]);

		if (kind == NM_V8_SPACE_COUNT)
			continue;
		if (finder->area_of[i] != NM_V8_SPACE_COUNT && finder->area_of[i] != kind)
			finder->area_is_bad[i] = true;
		finder->area_of[i] = kind;
	}
}

/* The top of the area whose limit is `limit`, if there is one: the mutator's. */
static nm_addr mutator_top(const struct nm_v8_finder *finder, nm_addr limit)
{
	for (size_t i = 0; i < ALLOCATOR_WORDS; i++) {
		uint64_t area[3];

		if (finder->area_of[i] == NM_V8_SPACE_NEW && !finder->area_is_bad[i] &&
		    nm_reader_get(finder->process->reader, finder->in_allocator[i], area,
				  sizeof(area)) &&
		    area[2] == limit && area[1] <= limit)
			return area[1];
	}
	return limit;
}

static bool check_new_used(const struct nm_v8_finder *finder, uint64_t capacity, nm_addr top,
			   uint64_t used, uint64_t *out_error)
{
	const struct nm_v8_page *page;
	uint64_t computed;

	if (capacity < NM_V8_PAGE_SIZE || capacity % NM_V8_PAGE_SIZE != 0 || capacity > 64 * MIB ||
	    !nm_addr_is_plausible(top))
		return false;
	top = mutator_top(finder, top);
	page = page_of(finder, top);
	if (!page || space_of(finder, page) != NM_V8_SPACE_NEW)
		return false;
	computed = (capacity - NM_V8_PAGE_SIZE) / NM_V8_PAGE_SIZE *
			   (page->area_end - page->area_start) +
		   top - page->area_start;
	if (computed < used || computed - used > NEW_USED_SLACK)
		return false;
	*out_error = computed - used;
	return true;
}

static uint64_t top_at(const struct nm_v8_finder *finder, const struct nm_v8_path *path)
{
	uint64_t word = finder->in_space[NM_V8_SPACE_NEW][path->at / 8], inner;

	if (path->then == NM_V8_NONE)
		return word;
	return nm_addr_is_plausible(word) && nm_maps_find(&finder->process->maps, word) &&
			       nm_reader_word(finder->process->reader, word + (uint64_t)path->then,
					      &inner)
		       ? inner
		       : 0;
}

/* At the first step every capacity with every top; later those that are left. */
static void match_new_used(struct nm_v8_finder *finder)
{
	const struct nm_v8_truth *truth = finder->truth;
	const uint64_t *words = finder->in_space[NM_V8_SPACE_NEW];
	uint64_t used = 0, error;
	size_t kept = 0;

	for (uint32_t i = 0; i < truth->space_count; i++)
		if (truth->spaces[i] == NM_V8_SPACE_NEW)
			used = truth->used[i];
	for (size_t i = 0; finder->steps > 0 && i < finder->new_used_count; i++) {
		struct new_used *way = &finder->new_used[i];

		if (!check_new_used(finder, words[way->capacity / 8], top_at(finder, &way->top),
				    used, &error))
			continue;
		way->error += error;
		finder->new_used[kept++] = *way;
	}
	for (size_t n = 0; finder->steps == 0 && n < 2 * (size_t)SPACE_WORDS; n++) {
		/* In the space itself, or the second word of an area it points to. */
		struct nm_v8_path path = {nm_v8_match_offset(n / 2), n % 2 ? 8 : NM_V8_NONE};
		nm_addr top = top_at(finder, &path);

		for (size_t i = 0; top && i < SPACE_WORDS; i++)
			if (check_new_used(finder, words[i], top, used, &error))
				finder->new_used[kept++] =
					(struct new_used){nm_v8_match_offset(i), path, error};
	}
	finder->new_used_count = kept;
}

void nm_v8_match(struct nm_v8_finder *finder)
{
	match_external(finder);
	match_pairs(finder, &finder->external_pairs, 1, finder->truth->external);
	match_pairs(finder, &finder->limits, 3, finder->truth->heap_size_limit);
	match_spaces(finder);
	match_gc_counts(finder);
	match_array_buffers(finder);
	match_areas(finder);
	match_new_used(finder);
}
