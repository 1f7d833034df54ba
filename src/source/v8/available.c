#include "source/v8/available.h"

static bool read_word(const struct nm_v8_process *process, nm_addr base, int32_t offset,
		      uint64_t *out)
{
	return offset != NM_V8_NONE &&
	       nm_reader_word(process->reader, base + (uint64_t)offset, out);
}

/* Whole pages, of which the headers cannot be used. */
static bool read_new(const struct nm_v8_process *process, const struct nm_v8_isolate *isolate,
		     nm_addr space, uint64_t used, uint64_t *out)
{
	uint64_t bytes, capacity;

	if (!read_word(process, space, process->layout.new_target, &bytes) ||
	    isolate->area_size == 0 || bytes % NM_V8_PAGE_SIZE != 0)
		return false;
	capacity = bytes / NM_V8_PAGE_SIZE * isolate->area_size;
	*out = capacity - used;
	return used <= capacity;
}

static bool read_new_large(const struct nm_v8_process *process, nm_addr space, uint64_t used,
			   uint64_t *out)
{
	uint64_t capacity;

	if (!read_word(process, space, process->layout.new_large_capacity, &capacity))
		return false;
	*out = capacity - used;
	return used <= capacity;
}

/* With the rest of the area in which the program allocates, where a sample does not count that as used either. */
static bool read_free_list(const struct nm_v8_process *process, nm_addr addr,
			   const struct nm_space *space, uint64_t *out)
{
	nm_addr list;
	uint64_t used;

	if (!read_word(process, addr, process->layout.free_list, &list) ||
	    !nm_addr_is_plausible(list) ||
	    !read_word(process, list, process->layout.free_list_bytes, out) ||
	    !read_word(process, addr, process->layout.paged_used, &used) || used < space->used)
		return false;
	*out += used - space->used;
	return *out <= space->size - space->used;
}

static bool read_space(const struct nm_v8_process *process, const struct nm_v8_isolate *isolate,
		       uint32_t i, struct nm_space *space)
{
	const enum nm_v8_space kind = process->layout.spaces[i];
	const nm_addr addr = isolate->spaces[i];

	space->available = 0;
	if (process->layout.free_list == NM_V8_NONE)
		return false;
	if (addr == 0 || kind == NM_V8_SPACE_READ_ONLY)
		return true;
	if (kind == NM_V8_SPACE_NEW)
		return read_new(process, isolate, addr, space->used, &space->available);
	if (kind == NM_V8_SPACE_NEW_LARGE)
		return read_new_large(process, addr, space->used, &space->available);
	return nm_v8_space_is_large(kind) ||
	       read_free_list(process, addr, space, &space->available);
}

void nm_v8_available_read(const struct nm_v8_process *process, const struct nm_v8_isolate *isolate,
			  struct nm_isolate *out)
{
	for (uint32_t i = 0; i < out->space_count && i < process->layout.space_count; i++)
		out->spaces[i].knows_available = read_space(process, isolate, i, &out->spaces[i]);
}
