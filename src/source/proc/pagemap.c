#include "source/proc/pagemap.h"

#include <fcntl.h>
#include <unistd.h>

#define PRESENT (UINT64_C(1) << 63)
#define SWAPPED (UINT64_C(1) << 62)

void nm_pagemap_open(struct nm_pagemap *pagemap, int pid_dir, uint64_t page_size)
{
	pagemap->fd = openat(pid_dir, "pagemap", O_RDONLY | O_CLOEXEC);
	pagemap->page_size = page_size;
	nm_pagemap_reset(pagemap);
}

/* The entry of the page, reading a new window if it is outside the last one. 0: unknown. */
static uint64_t entry_of(struct nm_pagemap *pagemap, uint64_t addr)
{
	uint64_t page = addr / pagemap->page_size;
	ssize_t got;

	if (page < pagemap->first || page - pagemap->first >= pagemap->count) {
		got = pread(pagemap->fd, pagemap->window, sizeof(pagemap->window),
			    (off_t)(page * sizeof(uint64_t)));
		if (got < (ssize_t)sizeof(uint64_t))
			return 0;
		pagemap->first = page;
		pagemap->count = (size_t)got / sizeof(uint64_t);
	}
	return pagemap->window[page - pagemap->first];
}

bool nm_pagemap_is_present(struct nm_pagemap *pagemap, uint64_t addr)
{
	return pagemap->fd < 0 || (entry_of(pagemap, addr) & PRESENT) != 0;
}

bool nm_pagemap_is_swapped(struct nm_pagemap *pagemap, uint64_t addr)
{
	return pagemap->fd >= 0 && (entry_of(pagemap, addr) & SWAPPED) != 0;
}

void nm_pagemap_reset(struct nm_pagemap *pagemap)
{
	pagemap->first = 0;
	pagemap->count = 0;
}

void nm_pagemap_close(struct nm_pagemap *pagemap)
{
	if (pagemap->fd >= 0)
		close(pagemap->fd);
	pagemap->fd = -1;
	nm_pagemap_reset(pagemap);
}
