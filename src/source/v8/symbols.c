#include "source/v8/symbols.h"

#include <stdlib.h>
#include <string.h>

#define PREFIX	    "v8dbg_"
#define SYMBOLS_MAX 4096
#define NAME_LENGTH 256

struct nm_v8_symbols {
	struct nm_v8_symbol *items; /* by name */
	size_t count;
};

static int by_name(const void *a, const void *b)
{
	const struct nm_v8_symbol *left = a, *right = b;

	return strcmp(left->name, right->name);
}

static bool add(struct nm_v8_symbols *symbols, size_t *room, const char *name, int32_t value)
{
	char *copy;

	if (symbols->count >= *room) {
		size_t more = *room ? 2 * *room : 512;
		struct nm_v8_symbol *items = realloc(symbols->items, more * sizeof(*items));

		if (!items)
			return false;
		symbols->items = items;
		*room = more;
	}
	copy = strndup(name, NAME_LENGTH);
	if (!copy)
		return false;
	symbols->items[symbols->count++] = (struct nm_v8_symbol){copy, value};
	return true;
}

int nm_v8_symbols_new(const struct nm_elf *elf, struct nm_v8_symbols **out, struct nm_error *err)
{
	struct nm_v8_symbols *symbols = calloc(1, sizeof(*symbols));
	struct nm_elf_symbol symbol;
	uint64_t cursor = 0;
	const char *name;
	size_t room = 0;

	if (!symbols)
		return nm_error_nomem(err);
	while (symbols->count < SYMBOLS_MAX &&
	       nm_elf_next_symbol(elf, &cursor, PREFIX, &name, &symbol)) {
		unsigned char bytes[sizeof(int32_t)];
		int32_t value;

		if (nm_elf_code(elf, symbol.addr, bytes, sizeof(bytes)) != sizeof(bytes))
			continue;
		memcpy(&value, bytes, sizeof(value));
		if (!add(symbols, &room, name + strlen(PREFIX), value)) {
			nm_v8_symbols_free(symbols);
			return nm_error_nomem(err);
		}
	}
	if (symbols->count == 0) {
		nm_v8_symbols_free(symbols);
		return nm_error_set(err, NM_E_UNSUPPORTED,
				    "the program does not say how its V8 lays out objects: it "
				    "exports no v8dbg_* constants (a stripped or embedded build)");
	}
	qsort(symbols->items, symbols->count, sizeof(*symbols->items), by_name);
	*out = symbols;
	return NM_OK;
}

bool nm_v8_symbols_get(const struct nm_v8_symbols *symbols, const char *name, int32_t *out)
{
	const size_t length = strlen(name);
	const bool is_open = length > 2 && strcmp(name + length - 2, "__") == 0;
	size_t low = 0, high = symbols->count;

	/* The first that is not less than `name`. */
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (strcmp(symbols->items[middle].name, name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	if (low >= symbols->count || (is_open ? strncmp(symbols->items[low].name, name, length) != 0
					      : strcmp(symbols->items[low].name, name) != 0))
		return false;
	*out = symbols->items[low].value;
	return true;
}

size_t nm_v8_symbols_count(const struct nm_v8_symbols *symbols)
{
	return symbols->count;
}

struct nm_v8_symbol nm_v8_symbols_at(const struct nm_v8_symbols *symbols, size_t index)
{
	return symbols->items[index];
}

void nm_v8_symbols_free(struct nm_v8_symbols *symbols)
{
	if (!symbols)
		return;
	for (size_t i = 0; i < symbols->count; i++)
		free((char *)symbols->items[i].name);
	free(symbols->items);
	free(symbols);
}
