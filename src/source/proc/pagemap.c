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
	pagemap->fd = openat(pid_dir, "pagemap", O_RDONLY | O_CLOEXEC);
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
		.return_mask = PAGE_PRESENT | PAGE_SWAPPED,
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

/* PAGE_PRESENT or PAGE_SWAPPED or neither. */
static uint64_t categories_of(struct nm_pagemap *pagemap, uint64_t addr)
{
	addr -= addr % pagemap->page_size;
	if (addr < pagemap->from || addr >= pagemap->to) {
		uint64_t entry = read_entry(pagemap, addr);

		return entry & ENTRY_PRESENT   ? PAGE_PRESENT
		       : entry & ENTRY_SWAPPED ? PAGE_SWAPPED
					       : 0;
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
