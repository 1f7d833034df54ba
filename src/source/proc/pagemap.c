#include "source/proc/pagemap.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* Of an entry of the file. */
#define ENTRY_PRESENT (UINT64_C(1) << 63)
#define ENTRY_SWAPPED (UINT64_C(1) << 62)

/* Of the ioctl; older headers do not have it. */
#define PAGE_PRESENT (UINT64_C(1) << 3)
#define PAGE_SWAPPED (UINT64_C(1) << 4)
#define PAGE_ZERO    (UINT64_C(1) << 5)

#define ENTRIES 4096 /* read at once where there is no scan */

struct scan {
	uint64_t size; /* of this struct */
	uint64_t flags;
	uint64_t start;
	uint64_t end;
	uint64_t walk_end; /* out: how far it came */
	uint64_t regions;
	uint64_t region_count;
	uint64_t max_pages;
	uint64_t category_inverted;
	uint64_t category_mask;
	uint64_t category_anyof_mask;
	uint64_t return_mask;
};

#define SCAN_IOCTL _IOWR('f', 16, struct scan)

void nm_pagemap_open(struct nm_pagemap *pagemap, int pid_dir, uint64_t page_size)
{
	uint64_t entry;

	pagemap->fd = openat(pid_dir, "pagemap", O_RDONLY | O_CLOEXEC);
	/* Another file may be mounted over it, to hide it. */
	if (pagemap->fd >= 0 && pread(pagemap->fd, &entry, sizeof(entry), 0) != sizeof(entry)) {
		close(pagemap->fd);
		pagemap->fd = -1;
	}
	pagemap->page_size = page_size;
	pagemap->can_scan = true;
	nm_pagemap_reset(pagemap);
}

void nm_pagemap_scan(struct nm_pagemap *pagemap, uint64_t from, uint64_t to)
{
	struct scan scan = {
		.size = sizeof(scan),
		.start = from,
		.end = to,
		.regions = (uint64_t)(uintptr_t)pagemap->regions,
		.region_count = NM_PAGEMAP_REGIONS,
		.category_anyof_mask = PAGE_PRESENT | PAGE_SWAPPED,
		.return_mask = PAGE_PRESENT | PAGE_SWAPPED | PAGE_ZERO,
	};
	int count;

	nm_pagemap_reset(pagemap);
	if (!pagemap->can_scan)
		return;
	count = ioctl(pagemap->fd, SCAN_IOCTL, &scan);
	if (count < 0 || count > NM_PAGEMAP_REGIONS || scan.walk_end < from) {
		pagemap->can_scan = false; /* an older kernel: page by page then */
		return;
	}
	pagemap->from = from;
	pagemap->to = scan.walk_end; /* less than asked for when the regions were many */
	pagemap->count = (size_t)count;
}

static uint64_t read_entry(const struct nm_pagemap *pagemap, uint64_t addr)
{
	uint64_t entry;
	off_t at = (off_t)(addr / pagemap->page_size * sizeof(entry));

	return pread(pagemap->fd, &entry, sizeof(entry), at) == sizeof(entry) ? entry : 0;
}

static uint64_t entry_categories(uint64_t entry)
{
	return entry & ENTRY_PRESENT ? PAGE_PRESENT : entry & ENTRY_SWAPPED ? PAGE_SWAPPED : 0;
}

/* PAGE_PRESENT or PAGE_SWAPPED or neither. */
static uint64_t categories_of(struct nm_pagemap *pagemap, uint64_t addr)
{
	addr -= addr % pagemap->page_size;
	if (addr < pagemap->from || addr >= pagemap->to) {
		uint64_t entry = read_entry(pagemap, addr);

		return entry_categories(entry);
	}
	if (pagemap->at < pagemap->count && addr < pagemap->regions[pagemap->at].start)
		pagemap->at = 0; /* asked backwards */
	while (pagemap->at < pagemap->count && addr >= pagemap->regions[pagemap->at].end)
		pagemap->at++;
	if (pagemap->at == pagemap->count || addr < pagemap->regions[pagemap->at].start)
		return 0;
	return pagemap->regions[pagemap->at].categories;
}

bool nm_pagemap_is_present(struct nm_pagemap *pagemap, uint64_t addr)
{
	return pagemap->fd < 0 || (categories_of(pagemap, addr) & PAGE_PRESENT) != 0;
}

bool nm_pagemap_is_swapped(struct nm_pagemap *pagemap, uint64_t addr)
{
	return pagemap->fd >= 0 && (categories_of(pagemap, addr) & PAGE_SWAPPED) != 0;
}

/* The same as a scan by reading the file: the regions from `from` on, as many as there is room
   for. */
static void read_regions(struct nm_pagemap *pagemap, uint64_t from, uint64_t to)
{
	const uint64_t page = pagemap->page_size;
	uint64_t entries[ENTRIES];
	uint64_t wanted = (to - from + page - 1) / page;
	struct nm_pagemap_region *region = NULL;
	ssize_t got;

	nm_pagemap_reset(pagemap);
	if (wanted > ENTRIES)
		wanted = ENTRIES;
	got = pread(pagemap->fd, entries, wanted * sizeof(*entries),
		    (off_t)(from / page * sizeof(*entries)));
	if (got <= 0)
		return;
	pagemap->from = from;
	pagemap->to = from;
	for (size_t i = 0; i < (size_t)got / sizeof(*entries); i++) {
		uint64_t categories = entry_categories(entries[i]);

		if (categories &&
		    (!region || region->end != pagemap->to || region->categories != categories)) {
			if (pagemap->count == NM_PAGEMAP_REGIONS)
				return;
			region = &pagemap->regions[pagemap->count++];
			*region = (struct nm_pagemap_region){pagemap->to, pagemap->to, categories};
		}
		pagemap->to += page;
		if (categories)
			region->end = pagemap->to;
	}
}

static bool load(struct nm_pagemap *pagemap, uint64_t from, uint64_t to)
{
	nm_pagemap_scan(pagemap, from, to);
	if (pagemap->to <= from)
		read_regions(pagemap, from, to);
	return pagemap->to > from;
}

bool nm_pagemap_next_run(struct nm_pagemap *pagemap, uint64_t from, uint64_t to,
			 struct nm_pagemap_run *out)
{
	const struct nm_pagemap_region *region;

	from -= from % pagemap->page_size;
	while (pagemap->fd >= 0 && from < to) {
		if ((from < pagemap->from || from >= pagemap->to) && !load(pagemap, from, to))
			return false;
		if (pagemap->at > 0 && from < pagemap->regions[pagemap->at - 1].end)
			pagemap->at = 0; /* asked backwards */
		while (pagemap->at < pagemap->count && from >= pagemap->regions[pagemap->at].end)
			pagemap->at++;
		if (pagemap->at == pagemap->count) {
			from = pagemap->to;
			continue;
		}
		region = &pagemap->regions[pagemap->at];
		out->start = region->start > from ? region->start : from;
		out->end = region->end < to ? region->end : to;
		out->is_swapped = (region->categories & PAGE_SWAPPED) != 0;
		out->is_zero = (region->categories & PAGE_ZERO) != 0;
		return out->start < out->end;
	}
	return false;
}

void nm_pagemap_count(struct nm_pagemap *pagemap, uint64_t from, uint64_t to,
		      uint64_t *out_resident, uint64_t *out_swapped)
{
	struct nm_pagemap_run run;

	*out_resident = *out_swapped = 0;
	for (; nm_pagemap_next_run(pagemap, from, to, &run); from = run.end) {
		if (run.is_swapped)
			*out_swapped += run.end - run.start;
		else if (!run.is_zero)
			*out_resident += run.end - run.start;
	}
}

void nm_pagemap_reset(struct nm_pagemap *pagemap)
{
	pagemap->from = 0;
	pagemap->to = 0;
	pagemap->count = 0;
	pagemap->at = 0;
}

void nm_pagemap_close(struct nm_pagemap *pagemap)
{
	if (pagemap->fd >= 0)
		close(pagemap->fd);
	pagemap->fd = -1;
	nm_pagemap_reset(pagemap);
}
