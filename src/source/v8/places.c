#include "source/v8/places.h"

#include <stdlib.h>
#include <string.h>

/* Longer texts are not gone through, nor more in all: in UTF-16 units. Many scripts can have the same
   text. */
#define TEXT_MAX     (UINT64_C(1) << 26)
#define ALL_TEXT_MAX (UINT64_C(1) << 30)

/* UncompiledData: { Map, inferred name, start, end }: src/objects/shared-function-info.tq. */
#define UNCOMPILED_NAME	 "UncompiledData"
#define UNCOMPILED_START 16

/* ScopeInfo, where it begins with them: { Map, flags, parameters, locals, start, end, ... }; in older
   ones they stand at its end, with the outer ScopeInfo behind: src/objects/scope-info.tq. */
#define SCOPE_START 4

/* Script: its source comes first, then its name, and where in a larger file it begins; its number
   stands behind its line ends: src/objects/script.tq. */
#define SCRIPT_SOURCE_BEFORE_NAME 8
#define SCRIPT_LINE_AFTER_NAME	  8
#define SCRIPT_COLUMN_AFTER_NAME  16
#define SCRIPT_ID_AFTER_NAME	  48

struct nm_v8_script {
	uint32_t index; /* of the object */
	bool is_read;
	uint32_t id;
	uint32_t first_line, first_column;
	uint32_t length; /* of its text */
	uint32_t *ends;	 /* positions of what ends the lines; NULL: the text is not known */
	uint32_t end_count;
};

int nm_v8_places_init(struct nm_v8_places *places, const struct nm_v8_heap *heap,
		      struct nm_error *err)
{
	const uint16_t type = heap->layout->type.script;
	size_t count = 0;

	memset(places, 0, sizeof(*places));
	places->heap = heap;
	places->text_left = ALL_TEXT_MAX;
	for (uint32_t i = 0; i < heap->count; i++)
		count += heap->maps[heap->map_of[i]].type == type;
	places->scripts = calloc(count + 1, sizeof(*places->scripts));
	if (!places->scripts)
		return nm_error_nomem(err);
	for (uint32_t i = 0; i < heap->count; i++)
		if (heap->maps[heap->map_of[i]].type == type)
			places->scripts[places->count++].index = i;
	return NM_OK;
}

/* ---- the lines of a script ------------------------------------------------------------------ */

/* The character at `at` of UTF-8 that was made by nm_v8_heap_text(); 0 at its end. */
static uint32_t read_character(const unsigned char *text, size_t length, size_t at,
			       size_t *out_size)
{
	static const unsigned char sizes[] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 3, 4};
	uint32_t code;

	*out_size = 1;
	if (at >= length)
		return 0;
	*out_size = sizes[text[at] >> 4];
	if (*out_size == 1 || *out_size > length - at)
		return text[at];
	code = text[at] & (0xffu >> (*out_size + 1));
	for (size_t i = 1; i < *out_size; i++)
		code = code << 6 | (text[at + i] & 0x3fu);
	return code;
}

static bool is_line_end(uint32_t code, uint32_t next)
{
	return code == '\n' || (code == '\r' && next != '\n') || code == 0x2028 || code == 0x2029;
}

/* Positions count UTF-16 units. Only counts where `ends` is NULL. */
static uint32_t find_ends(const unsigned char *text, size_t length, uint32_t *ends)
{
	uint32_t position = 0, count = 0;
	size_t size, ignored;

	for (size_t at = 0; at < length; at += size) {
		const uint32_t code = read_character(text, length, at, &size);

		if (is_line_end(code, read_character(text, length, at + size, &ignored))) {
			if (ends)
				ends[count] = position;
			count++;
		}
		position += code >= 0x10000 ? 2 : 1;
	}
	return count;
}

static void read_lines(struct nm_v8_places *places, const struct nm_v8_object *source,
		       struct nm_v8_script *out)
{
	const uint64_t units = nm_v8_object_word(source, 1) >> 32;
	unsigned char *text;
	size_t length;

	if (!nm_v8_type_is_string(source->type) || units > TEXT_MAX || units > places->text_left)
		return;
	places->text_left -= units;
	text = malloc(3 * units + 1);
	if (text && nm_v8_heap_text(places->heap, source, (char *)text, 3 * units + 1, &length)) {
		out->length = (uint32_t)units;
		out->end_count = find_ends(text, length, NULL);
		out->ends = malloc((out->end_count + UINT64_C(1)) * sizeof(*out->ends));
		if (out->ends)
			find_ends(text, length, out->ends);
	}
	free(text);
}

static void read_script(struct nm_v8_places *places, struct nm_v8_script *out)
{
	const struct nm_v8_heap *heap = places->heap;
	const struct nm_v8_object script = nm_v8_heap_object(heap, out->index);
	const unsigned name = heap->layout->at.script_name;
	struct nm_v8_object source;

	out->is_read = true;
	out->id = (uint32_t)nm_v8_smi(nm_v8_object_field(&script, name + SCRIPT_ID_AFTER_NAME));
	out->first_line =
		(uint32_t)nm_v8_smi(nm_v8_object_field(&script, name + SCRIPT_LINE_AFTER_NAME));
	out->first_column =
		(uint32_t)nm_v8_smi(nm_v8_object_field(&script, name + SCRIPT_COLUMN_AFTER_NAME));
	if (nm_v8_heap_follow(heap, nm_v8_object_field(&script, name - SCRIPT_SOURCE_BEFORE_NAME),
			      false, &source))
		read_lines(places, &source, out);
}

static int by_index(const void *a, const void *b)
{
	const struct nm_v8_script *left = a, *right = b;

	return left->index < right->index ? -1 : left->index > right->index;
}

/* NULL when it is none, or its text is not known. */
static const struct nm_v8_script *get_script(struct nm_v8_places *places, uint64_t word)
{
	struct nm_v8_object object;
	struct nm_v8_script *script, key;

	if (!nm_v8_heap_follow(places->heap, word, false, &object))
		return NULL;
	key.index = object.index;
	script = bsearch(&key, places->scripts, places->count, sizeof(key), by_index);
	if (script && !script->is_read)
		read_script(places, script);
	return script && script->ends ? script : NULL;
}

/* ---- the position of a function -------------------------------------------------------------- */

static bool is_smi(uint64_t word)
{
	return (word & 1) == 0;
}

/* Of a compiled function. */
static bool read_scope_position(const struct nm_v8_heap *heap, const struct nm_v8_object *scope,
				uint64_t *out)
{
	uint64_t at = SCOPE_START;

	if (scope->words < SCOPE_START + 2)
		return false;
	if (heap->layout->at.scope_first_vars + 1u == SCOPE_START) {
		/* Not at its beginning, then. */
		at = scope->words - 2;
		if (!is_smi(nm_v8_object_word(scope, scope->words - 1)))
			at--;
	}
	if (at < SCOPE_START || at + 1 >= scope->words || !is_smi(nm_v8_object_word(scope, at)) ||
	    !is_smi(nm_v8_object_word(scope, at + 1)))
		return false;
	*out = nm_v8_smi(nm_v8_object_word(scope, at));
	return *out <= nm_v8_smi(nm_v8_object_word(scope, at + 1));
}

/* Of one that has not run yet: its data stands before its name. */
static bool read_uncompiled_position(const struct nm_v8_heap *heap,
				     const struct nm_v8_object *shared, uint64_t *out)
{
	struct nm_v8_object data;

	for (uint64_t i = 1; i < heap->layout->at.shared_name / 8u; i++)
		if (nm_v8_heap_follow(heap, nm_v8_object_word(shared, i), false, &data) &&
		    strncmp(heap->layout->type_name[data.type], UNCOMPILED_NAME,
			    strlen(UNCOMPILED_NAME)) == 0) {
			*out = nm_v8_object_field(&data, UNCOMPILED_START) & UINT32_MAX;
			return true;
		}
	return false;
}

static bool read_position(const struct nm_v8_heap *heap, const struct nm_v8_object *shared,
			  uint64_t *out)
{
	struct nm_v8_object scope;

	if (nm_v8_heap_follow(heap, nm_v8_object_field(shared, heap->layout->at.shared_name), false,
			      &scope) &&
	    scope.type == heap->layout->type.scope_info)
		return read_scope_position(heap, &scope, out);
	return read_uncompiled_position(heap, shared, out);
}

bool nm_v8_places_find(struct nm_v8_places *places, const struct nm_v8_object *function,
		       struct nm_v8_place *out)
{
	const struct nm_v8_object_layout *layout = places->heap->layout;
	const struct nm_v8_script *script;
	struct nm_v8_object shared;
	uint32_t low = 0, high;
	uint64_t position;

	if (!nm_v8_type_is_function(layout, function->type) ||
	    !nm_v8_heap_follow(places->heap,
			       nm_v8_object_field(function, layout->at.function_shared), false,
			       &shared) ||
	    shared.type != layout->type.shared_function_info ||
	    !read_position(places->heap, &shared, &position))
		return false;
	script = get_script(places, nm_v8_object_field(&shared, layout->at.shared_name +
									NM_V8_SCRIPT_AFTER_NAME));
	if (!script || position > script->length)
		return false;
	for (high = script->end_count; low < high;) {
		const uint32_t middle = low + (high - low) / 2;

		if (script->ends[middle] < position)
			low = middle + 1;
		else
			high = middle;
	}
	out->script_id = script->id;
	out->line = script->first_line + low;
	out->column = (uint32_t)position - (low > 0 ? script->ends[low - 1] + 1 : 0) +
		      (low == 0 ? script->first_column : 0);
	return true;
}

void nm_v8_places_done(struct nm_v8_places *places)
{
	for (size_t i = 0; i < places->count; i++)
		free(places->scripts[i].ends);
	free(places->scripts);
	memset(places, 0, sizeof(*places));
}
