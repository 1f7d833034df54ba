#include "model/heap/weakmap.h"

#include <stdlib.h>
#include <string.h>

struct text {
	const char *at, *end;
};

static bool is_digit(char byte)
{
	return byte >= '0' && byte <= '9';
}

/* Step over at least one digit; of a number beyond 32 bits only that it is one is kept. */
static bool take_number(struct text *text, uint64_t *out)
{
	const char *first = text->at;
	uint64_t number = 0;

	for (; text->at < text->end && is_digit(*text->at); text->at++)
		if (number <= UINT32_MAX)
			number = 10 * number + (uint64_t)(*text->at - '0');
	*out = number;
	return text->at > first;
}

static bool take(struct text *text, const char *expected)
{
	const size_t length = strlen(expected);

	if ((size_t)(text->end - text->at) < length || memcmp(text->at, expected, length) != 0)
		return false;
	text->at += length;
	return true;
}

/* Step behind the next " @<id>" which `after` follows. */
static bool take_object(struct text *text, const char *after)
{
	const char *at;

	while ((at = memmem(text->at, (size_t)(text->end - text->at), " @", 2)) != NULL) {
		struct text rest = {at + 2, text->end};
		uint64_t id;

		text->at = at + 1;
		if (take_number(&rest, &id) && take(&rest, after)) {
			*text = rest;
			return true;
		}
	}
	return false;
}

/* DevTools' pattern does not match across lines, and there are names of objects with several. */
static bool has_line_end(const char *at, const char *end)
{
	const size_t length = (size_t)(end - at);

	return memchr(at, '\n', length) || memchr(at, '\r', length) ||
	       memmem(at, length, "\xe2\x80\xa8", 3) || memmem(at, length, "\xe2\x80\xa9", 3);
}

/* `out_rest` is what both edges of an entry share. */
static bool match(const char *name, size_t length, const char **out_rest, uint64_t *out_table)
{
	struct text text = {name, name + length};
	uint64_t number;

	if (length == 0 || !is_digit(*name) || !take_number(&text, &number))
		return false;
	*out_rest = text.at;
	if (!take(&text, " / part of key (") || !take_object(&text, ") -> value ("))
		return false;
	/* A value can be named like the end of all this. */
	for (;;) {
		struct text table;

		if (!take_object(&text, ") pair in WeakMap (table @"))
			return false;
		table = text;
		if (take_number(&table, out_table) && take(&table, ")") && table.at == table.end)
			return !has_line_end(name, name + length);
		/* The id of this table may be that of a value whose table follows: back to its " @". */
		text.at -= 2;
	}
}

static bool add_entry(struct nm_weakmap *weakmap, uint64_t table_id)
{
	if (weakmap->entry_count == weakmap->entry_room) {
		const uint32_t room = weakmap->entry_room ? 2 * weakmap->entry_room : 64;
		uint64_t *grown = realloc(weakmap->table_id, room * sizeof(*grown));

		if (!grown)
			return false;
		weakmap->table_id = grown;
		weakmap->entry_room = room;
	}
	weakmap->table_id[weakmap->entry_count++] = table_id;
	return true;
}

static bool find_entries(const struct nm_graph *graph, struct nm_weakmap *weakmap,
			 struct nm_intern *rests)
{
	for (uint32_t i = 0; i < graph->names.count; i++) {
		size_t length;
		const char *name = nm_intern_get(&graph->names, i, &length), *rest;
		uint64_t table_id;

		weakmap->entry[i] = NM_NO_ENTRY;
		if (!match(name, length, &rest, &table_id))
			continue;
		weakmap->entry[i] = nm_intern_add(rests, rest, length - (size_t)(rest - name));
		if (weakmap->entry[i] == NM_INTERN_NONE)
			return false;
		if (weakmap->entry[i] == weakmap->entry_count && !add_entry(weakmap, table_id))
			return false;
	}
	return true;
}

int nm_weakmap_find(const struct nm_graph *graph, struct nm_weakmap *out, struct nm_error *err)
{
	struct nm_intern rests = {0};
	bool found;

	*out = (struct nm_weakmap){0};
	out->entry = malloc((graph->names.count + (size_t)1) * sizeof(*out->entry));
	found = out->entry && find_entries(graph, out, &rests);
	nm_intern_done(&rests);
	if (found)
		return NM_OK;
	nm_weakmap_done(out);
	return nm_error_nomem(err);
}

void nm_weakmap_done(struct nm_weakmap *weakmap)
{
	free(weakmap->entry);
	free(weakmap->table_id);
	*weakmap = (struct nm_weakmap){0};
}
