#include "source/remote/window.h"

#include <stdlib.h>
#include <string.h>

#define STRIDE_MIN (16 * 1024)

int nm_window_init(struct nm_window *window, struct nm_reader *reader, struct nm_pagemap *pagemap,
		   struct nm_error *err)
{
	memset(window, 0, sizeof(*window));
	window->reader = reader;
	window->pagemap = pagemap;
	window->buffer = malloc(NM_WINDOW_SIZE);
	if (!window->buffer)
		return nm_error_nomem(err);
	/* Before the target stands still: the kernel gives the memory when it is first touched. */
	memset(window->buffer, 0, NM_WINDOW_SIZE);
	nm_window_reset(window);
	return NM_OK;
}

void nm_window_reset(struct nm_window *window)
{
	nm_pagemap_reset(window->pagemap);
	window->start = window->size = 0;
	window->stride = STRIDE_MIN;
}

/* Read on from the page of `addr`. */
static bool load(struct nm_window *window, nm_addr addr)
{
	nm_addr page = addr - addr % window->pagemap->page_size;
	struct nm_pagemap_run run;
	bool goes_on = page == window->start + window->size && window->size > 0;

	if (!goes_on)
		window->stride = STRIDE_MIN;
	else if (window->stride < NM_WINDOW_SIZE)
		window->stride *= 2;
	window->size = 0;
	if (page < window->pagemap->from || page >= window->pagemap->to)
		/* A region of an arena is asked for from here on. */
		nm_pagemap_scan(window->pagemap, page, page + (UINT64_C(64) << 20));
	if (!nm_pagemap_next_run(window->pagemap, page, page + window->stride, &run) ||
	    run.start != page || run.is_swapped) {
		window->met_swapped = nm_pagemap_is_swapped(window->pagemap, page);
		return false;
	}
	if (!nm_reader_get(window->reader, page, window->buffer, run.end - page))
		return false;
	window->start = page;
	window->size = run.end - page;
	return true;
}

bool nm_window_get(struct nm_window *window, nm_addr addr, void *out, size_t size)
{
	unsigned char *to = out;

	window->met_swapped = false;
	while (size > 0) {
		uint64_t offset = addr - window->start, part;

		if (addr < window->start || offset >= window->size) {
			if (!load(window, addr))
				return false;
			offset = addr - window->start;
		}
		part = window->size - offset < size ? window->size - offset : size;
		memcpy(to, window->buffer + offset, part);
		to += part;
		addr += part;
		size -= part;
	}
	return true;
}

void nm_window_done(struct nm_window *window)
{
	free(window->buffer);
	window->buffer = NULL;
}
