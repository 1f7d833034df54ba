/*
 * pages.h - the pages of V8's heaps, found by their headers
 *
 * Every page begins on a 256 KiB boundary in anonymous, writable memory, with a header that names
 * its Heap and its space. Objects can look like headers: a page counts only when the Heap that
 * it names proves to be one (isolate.h).
 *
 * Costs    one system call per 512 boundaries, and one of pagemap per mapping and round.
 *          Boundaries not in memory are passed over, so that nothing is mapped into the target.
 */
#ifndef NM_V8_PAGES_H
#define NM_V8_PAGES_H

#include "source/proc/maps.h"
#include "source/proc/pagemap.h"
#include "source/v8/layout.h"

struct nm_v8_page {
	nm_addr addr;
	nm_addr heap;
	nm_addr owner; /* its space, or the half of new_space it is in */
	nm_addr area_start;
	nm_addr area_end;
	uint64_t size;
	bool is_pooled; /* kept for later; `owner` is whose it was */
};

struct nm_v8_pages {
	struct nm_v8_page *items; /* in no order */
	size_t count;
	size_t room;
	size_t swapped;	 /* boundaries whose header is in swap, and was left there */
	bool is_partial; /* enough were found before all had been looked at */
};

enum nm_v8_pages_which {
	NM_V8_PAGES_COUNTED, /* of which a heap's counters speak: neither code nor read-only */
	NM_V8_PAGES_ALL, /* also those, and large ones that V8 does not fill in whole; `heap` and
				`owner` can be 0 then */
};

/* Find the pages of the form, until there are `enough` of them; replaces what `out` held.
   NM_E_NOMEM; NM_E_PERM when the kernel lets none of the memory be read; NM_E_GONE. */
int nm_v8_pages_find(struct nm_reader *reader, const struct nm_maps *maps,
		     struct nm_pagemap *pagemap, enum nm_v8_page_form form,
		     enum nm_v8_pages_which which, size_t enough, struct nm_v8_pages *out,
		     struct nm_error *err);

/* The page which begins at `addr`, if one does. */
bool nm_v8_page_read(struct nm_reader *reader, enum nm_v8_page_form form, nm_addr addr,
		     struct nm_v8_page *out);

void nm_v8_pages_done(struct nm_v8_pages *pages);

#endif
