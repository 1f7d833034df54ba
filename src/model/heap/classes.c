#include "model/heap/classes.h"

#include <stdlib.h>
#include <string.h>

int nm_classes_add(struct nm_classes *classes, const char *name, const struct nm_class *numbers)
{
	struct nm_class *one;

	/* A power of two is where the room ends. */
	if ((classes->count & (classes->count - 1)) == 0) {
		size_t room = classes->count ? 2 * classes->count : 1;
		struct nm_class *items = realloc(classes->items, room * sizeof(*items));

		if (!items)
			return NM_E_NOMEM;
		classes->items = items;
	}
	one = &classes->items[classes->count];
	*one = *numbers;
	one->name = strdup(name);
	if (!one->name)
		return NM_E_NOMEM;
	classes->count++;
	return NM_OK;
}

static int largest_first(const void *a, const void *b)
{
	const struct nm_class *left = a, *right = b;

	if (left->bytes != right->bytes)
		return left->bytes > right->bytes ? -1 : 1;
	if (left->garbage_bytes != right->garbage_bytes)
		return left->garbage_bytes > right->garbage_bytes ? -1 : 1;
	return strcmp(left->name, right->name);
}

void nm_classes_finish(struct nm_classes *classes)
{
	classes->live_count = classes->live_bytes = 0;
	classes->garbage_count = classes->garbage_bytes = 0;
	for (size_t i = 0; i < classes->count; i++) {
		const struct nm_class *one = &classes->items[i];

		classes->live_count += one->count;
		classes->live_bytes += one->bytes;
		classes->garbage_count += one->garbage_count;
		classes->garbage_bytes += one->garbage_bytes;
	}
	if (classes->count > 0)
		qsort(classes->items, classes->count, sizeof(*classes->items), largest_first);
}

static int by_name(const void *a, const void *b)
{
	const struct nm_class *left = *(const struct nm_class *const *)a;
	const struct nm_class *right = *(const struct nm_class *const *)b;

	return strcmp(left->name, right->name);
}

static int fastest_first(const void *a, const void *b)
{
	const struct nm_class_row *left = a, *right = b;

	if (left->bytes_delta != right->bytes_delta)
		return left->bytes_delta > right->bytes_delta ? -1 : 1;
	if (left->one.bytes != right->one.bytes)
		return left->one.bytes > right->one.bytes ? -1 : 1;
	return strcmp(left->one.name, right->one.name);
}

/* Rows of all classes, then of those that are only in `before`, which is sorted by name. */
static size_t fill_rows(const struct nm_classes *now, const struct nm_class **before,
			size_t before_count, bool *seen, struct nm_class_row *rows)
{
	size_t count = 0;

	for (size_t i = 0; i < now->count; i++) {
		const struct nm_class *one = &now->items[i];
		const struct nm_class **same =
			bsearch(&one, before, before_count, sizeof(*before), by_name);

		rows[count++] = (struct nm_class_row){
			.one = *one,
			.count_delta = (int64_t)one->count - (int64_t)(same ? (*same)->count : 0),
			.bytes_delta = (int64_t)one->bytes - (int64_t)(same ? (*same)->bytes : 0),
		};
		if (same)
			seen[same - before] = true;
	}
	for (size_t i = 0; i < before_count; i++)
		if (!seen[i])
			rows[count++] = (struct nm_class_row){
				.one = {.name = before[i]->name},
				.count_delta = -(int64_t)before[i]->count,
				.bytes_delta = -(int64_t)before[i]->bytes,
			};
	return count;
}

int nm_classes_compare(const struct nm_classes *now, const struct nm_classes *since,
		       struct nm_class_row **out, size_t *out_count)
{
	const struct nm_class **before = calloc(since->count + 1, sizeof(*before));
	bool *seen = calloc(since->count + 1, sizeof(*seen));
	struct nm_class_row *rows = calloc(now->count + since->count + 1, sizeof(*rows));
	const bool is_good = before && seen && rows;

	if (is_good) {
		for (size_t i = 0; i < since->count; i++)
			before[i] = &since->items[i];
		qsort(before, since->count, sizeof(*before), by_name);
		*out_count = fill_rows(now, before, since->count, seen, rows);
		qsort(rows, *out_count, sizeof(*rows), fastest_first);
		*out = rows;
	} else {
		free(rows);
	}
	free(before);
	free(seen);
	return is_good ? NM_OK : NM_E_NOMEM;
}

void nm_classes_done(struct nm_classes *classes)
{
	for (size_t i = 0; i < classes->count; i++)
		free((char *)classes->items[i].name);
	free(classes->items);
	free(classes->isolates);
	memset(classes, 0, sizeof(*classes));
}
