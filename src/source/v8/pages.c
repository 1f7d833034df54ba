#include "source/v8/pages.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define BATCH	     512
#define HEADER_WORDS 12
/* 512 GiB in one mapping. More than that is no heap of V8's. */
#define BOUNDARIES_MAX (UINT64_C(1) << 20)
#define PAGE_SIZE_MAX  (UINT64_C(1) << 36)
/* Of a page's flags, in V8 12.4 and later: taken out of its space (MemoryChunk::UNREGISTERED in
   src/heap/memory-chunk-layout.h). */
#define FLAG_UNREGISTERED (UINT64_C(1) << 16)

struct header {
	uint64_t word[HEADER_WORDS];
};

/* How far one mapping has been searched. */
struct cursor {
	nm_addr next;
	nm_addr end;
	nm_addr behind; /* the end of the last page found: inside it there are no pages */
};

struct scan {
	struct nm_reader *reader;
	enum nm_v8_page_form form;
	enum nm_v8_pages_which which;
	struct nm_v8_pages *out;
	size_t enough;
	size_t count; /* of the batch */
	nm_addr addrs[BATCH];
	struct cursor *cursors[BATCH]; /* whose each address is */
	struct header headers[BATCH];
	bool is_read[BATCH];
	struct header metadata[BATCH];
	bool has_metadata[BATCH];
};

/*
 * Read one header-sized piece at each address for which `wanted` is set, in as few calls as the
 * kernel allows: a piece that cannot be read ends a call, and the next begins behind it.
 * Returns -errno when even the first could not be read for lack of rights, else 0.
 */
static int read_headers(struct nm_reader *reader, const nm_addr *addrs, const bool *wanted,
			size_t count, struct header *out, bool *out_read)
{
	struct iovec local[BATCH], remote[BATCH];
	size_t index[BATCH] = {0}, pieces = 0, done = 0;

	memset(out_read, 0, count * sizeof(*out_read));
	for (size_t i = 0; i < count; i++) {
		if (wanted && !wanted[i])
			continue;
		local[pieces] = (struct iovec){&out[i], sizeof(out[i])};
		remote[pieces] = (struct iovec){(void *)(uintptr_t)addrs[i], sizeof(out[i])};
		index[pieces++] = i;
	}
	while (done < pieces) {
		ssize_t got = nm_reader_gather(reader, local + done, remote + done, pieces - done);

		if (got < 0 && got != -EFAULT)
			return (int)got;
		for (size_t whole = got > 0 ? (size_t)got / sizeof(*out) : 0; whole > 0; whole--)
			out_read[index[done++]] = true;
		done++; /* the piece that failed, or one past the end */
	}
	return 0;
}

static bool is_plausible_or_none(nm_addr addr)
{
	return addr == 0 || nm_addr_is_plausible(addr);
}

/* Take the page if what the header says of it makes sense. */
static bool make_page(enum nm_v8_pages_which which, nm_addr addr, uint64_t size, nm_addr heap,
		      nm_addr owner, nm_addr start, nm_addr end, struct nm_v8_page *out)
{
	if (size < 4096 || size % 4096 != 0 || size > PAGE_SIZE_MAX)
		return false;
	if (start <= addr || start - addr >= NM_V8_PAGE_SIZE || end <= start || end - addr > size)
		return false;
	/* Read-only pages are shared by all heaps and name none. */
	if (which == NM_V8_PAGES_COUNTED
		    ? !nm_addr_is_plausible(heap) || !nm_addr_is_plausible(owner)
		    : !is_plausible_or_none(heap) || !is_plausible_or_none(owner))
		return false;
	*out = (struct nm_v8_page){.addr = addr,
				   .heap = heap,
				   .owner = owner,
				   .area_start = start,
				   .area_end = end,
				   .size = size};
	return true;
}

/* `metadata` is NULL when it could not be read. */
static bool parse_metadata(enum nm_v8_pages_which which, nm_addr addr, const uint64_t *m,
			   struct nm_v8_page *out)
{
	if (m[1] == addr)
		return make_page(which, addr, m[2], m[8], m[10], m[9], m[7], out);
	/* These three words are 0 where the reservation is not the page's own: of a large page, of a
	   read-only one, and of one that was taken out of its space. */
	if (which != NM_V8_PAGES_ALL || m[1] != 0 ||
	    !make_page(which, addr, m[6], m[8], m[10], m[9], m[7], out))
		return false;
	out->is_pooled = out->heap != 0 && out->size == NM_V8_PAGE_SIZE;
	return true;
}

static bool parse_header(enum nm_v8_page_form form, enum nm_v8_pages_which which, nm_addr addr,
			 const struct header *header, const struct header *metadata,
			 struct nm_v8_page *out)
{
	const uint64_t *w = header->word;
	bool is_page = false;

	switch (form) {
	case NM_V8_PAGE_SIZE_FIRST:
		return make_page(which, addr, w[0], w[2], w[8], w[3], w[4], out);
	case NM_V8_PAGE_SELF:
		is_page = w[1] == addr && make_page(which, addr, w[2], w[3], w[9], w[4], w[5], out);
		break;
	case NM_V8_PAGE_METADATA:
		is_page = metadata && parse_metadata(which, addr, metadata->word, out);
		break;
	default:
		break;
	}
	if (is_page && (w[0] & FLAG_UNREGISTERED))
		out->is_pooled = true;
	return is_page;
}

/* Where the metadata of a page of that form is. The word before it holds flags. */
static bool has_metadata(const struct header *header, nm_addr *out)
{
	*out = header->word[1];
	return header->word[0] < (1u << 28) && nm_addr_is_plausible(*out);
}

bool nm_v8_page_read(struct nm_reader *reader, enum nm_v8_page_form form, nm_addr addr,
		     struct nm_v8_page *out)
{
	struct header header, metadata;
	nm_addr at;
	bool has = false;

	if (!nm_reader_get(reader, addr, &header, sizeof(header)))
		return false;
	if (form == NM_V8_PAGE_METADATA && has_metadata(&header, &at))
		has = nm_reader_get(reader, at, &metadata, sizeof(metadata));
	return parse_header(form, NM_V8_PAGES_COUNTED, addr, &header, has ? &metadata : NULL, out);
}

static bool add_page(struct nm_v8_pages *pages, const struct nm_v8_page *page)
{
	if (pages->count >= pages->room) {
		size_t room = pages->room ? 2 * pages->room : 256;
		struct nm_v8_page *items = realloc(pages->items, room * sizeof(*items));

		if (!items)
			return false;
		pages->items = items;
		pages->room = room;
	}
	pages->items[pages->count++] = *page;
	return true;
}

/* The metadata objects of all headers of the batch that seem to have one. */
static int read_metadata(struct scan *scan)
{
	nm_addr addrs[BATCH];
	bool wanted[BATCH];

	for (size_t i = 0; i < scan->count; i++) {
		addrs[i] = 0;
		wanted[i] = scan->is_read[i] && has_metadata(&scan->headers[i], &addrs[i]);
	}
	return read_headers(scan->reader, addrs, wanted, scan->count, scan->metadata,
			    scan->has_metadata);
}

static int scan_batch(struct scan *scan, struct nm_error *err)
{
	int status;

	status = read_headers(scan->reader, scan->addrs, NULL, scan->count, scan->headers,
			      scan->is_read);
	if (status == 0 && scan->form == NM_V8_PAGE_METADATA)
		status = read_metadata(scan);
	if (status == -EPERM || status == -EACCES)
		return nm_error_set_errno(err, NM_E_PERM, -status,
					  "cannot read the memory of the process");
	if (status == -ESRCH)
		return nm_error_set(err, NM_E_GONE, "the process ended while it was being read");
	if (status != 0)
		return nm_error_set_errno(err, NM_E_IO, -status,
					  "cannot read the memory of the process");
	for (size_t i = 0; i < scan->count; i++) {
		struct nm_v8_page page;

		if (!scan->is_read[i] || scan->addrs[i] < scan->cursors[i]->behind ||
		    !parse_header(scan->form, scan->which, scan->addrs[i], &scan->headers[i],
				  scan->has_metadata[i] ? &scan->metadata[i] : NULL, &page))
			continue;
		if (!add_page(scan->out, &page))
			return nm_error_nomem(err);
		scan->cursors[i]->behind = page.addr + page.size;
	}
	scan->count = 0;
	return NM_OK;
}

/* Can such pages lie here? */
static bool is_heap_memory(const struct nm_map *map, enum nm_v8_pages_which which)
{
	const unsigned data = NM_MAP_READ | NM_MAP_WRITE;

	if (which == NM_V8_PAGES_ALL)
		return nm_map_is_anonymous(map) && (map->access & NM_MAP_READ) != 0;
	return nm_map_is_anonymous(map) && map->access == data;
}

static nm_addr next_boundary(nm_addr addr)
{
	return (addr + NM_V8_PAGE_SIZE - 1) & ~(NM_V8_PAGE_SIZE - 1);
}

/* Cursors at the first boundary of each mapping that can hold pages. NULL: out of memory. */
static struct cursor *make_cursors(const struct nm_maps *maps, enum nm_v8_pages_which which,
				   size_t *out_count)
{
	struct cursor *cursors = calloc(maps->count + 1, sizeof(*cursors));
	size_t count = 0;

	for (size_t i = 0; cursors && i < maps->count; i++) {
		const struct nm_map *map = &maps->items[i];

		if (is_heap_memory(map, which) && next_boundary(map->start) < map->end)
			cursors[count++] = (struct cursor){next_boundary(map->start), map->end, 0};
	}
	*out_count = count;
	return cursors;
}

/* Search the next `count` boundaries of a mapping. */
static int advance(struct scan *scan, struct cursor *cursor, uint64_t count,
		   struct nm_pagemap *pagemap, struct nm_error *err)
{
	nm_addr stop = cursor->end;
	int status = NM_OK;

	if (cursor->next < cursor->behind)
		cursor->next = next_boundary(cursor->behind);
	if (count < (cursor->end - cursor->next) / NM_V8_PAGE_SIZE)
		stop = cursor->next + count * NM_V8_PAGE_SIZE;
	if (count > 1 && cursor->next < stop)
		nm_pagemap_scan(pagemap, cursor->next, stop);
	for (; cursor->next < stop && status == NM_OK; cursor->next += NM_V8_PAGE_SIZE) {
		if (!nm_pagemap_is_present(pagemap, cursor->next)) {
			scan->out->swapped += nm_pagemap_is_swapped(pagemap, cursor->next);
			continue;
		}
		scan->cursors[scan->count] = cursor;
		scan->addrs[scan->count++] = cursor->next;
		if (scan->count == BATCH)
			status = scan_batch(scan, err);
	}
	return status;
}

/*
 * Round after round, each mapping is searched a bit further: one boundary at first, then two,
 * four, ... Large pages have a mapping of their own, and its first boundary tells their size, so
 * that their inside is never looked at.
 */
static int search(struct scan *scan, struct cursor *cursors, size_t count,
		  struct nm_pagemap *pagemap, struct nm_error *err)
{
	bool is_done = false;
	int status = NM_OK;

	for (uint64_t step = 1; !is_done && step <= BOUNDARIES_MAX && status == NM_OK; step *= 2) {
		is_done = true;
		for (size_t i = 0; i < count && status == NM_OK; i++) {
			if (scan->out->count >= scan->enough) {
				scan->out->is_partial = true;
				return NM_OK;
			}
			if (cursors[i].next >= cursors[i].end ||
			    cursors[i].behind >= cursors[i].end)
				continue;
			is_done = false;
			status = advance(scan, &cursors[i], step, pagemap, err);
		}
		if (status == NM_OK && scan->count > 0)
			status = scan_batch(scan, err);
	}
	return status;
}

int nm_v8_pages_find(struct nm_reader *reader, const struct nm_maps *maps,
		     struct nm_pagemap *pagemap, enum nm_v8_page_form form,
		     enum nm_v8_pages_which which, size_t enough, struct nm_v8_pages *out,
		     struct nm_error *err)
{
	struct scan *scan = calloc(1, sizeof(*scan));
	size_t count;
	struct cursor *cursors = make_cursors(maps, which, &count);
	int status;

	out->count = 0;
	out->swapped = 0;
	out->is_partial = false;
	if (scan && cursors) {
		scan->reader = reader;
		scan->form = form;
		scan->which = which;
		scan->out = out;
		scan->enough = enough;
		nm_pagemap_reset(pagemap);
		status = search(scan, cursors, count, pagemap, err);
		nm_pagemap_reset(pagemap);
	} else {
		status = nm_error_nomem(err);
	}
	free(cursors);
	free(scan);
	return status;
}

void nm_v8_pages_done(struct nm_v8_pages *pages)
{
	free(pages->items);
	memset(pages, 0, sizeof(*pages));
}
