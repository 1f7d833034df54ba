#include "model/verdict_memory.h"

#include "base/units.h"

/* Less than this is nobody's problem, and less than a tenth of rss explains nothing. */
#define FREE_MIN	  (UINT64_C(16) << 20)
#define FREE_SHARE_OF_RSS 10

void nm_verdict_malloc(const struct nm_ledger *ledger, struct nm_strbuf *out)
{
	const struct nm_malloc *malloc = &ledger->malloc;
	char unused[32], back[32];

	if (!(malloc->has & NM_HAS_MALLOC_INSIDE) || malloc->free < FREE_MIN ||
	    malloc->free < ledger->rss / FREE_SHARE_OF_RSS)
		return;
	nm_units_words(malloc->free, unused, sizeof(unused));
	nm_units_words(malloc->reclaimable, back, sizeof(back));
	if (malloc->reclaimable * 4 < malloc->free) {
		nm_strbuf_addf(out,
			       "%s are free inside malloc, but scattered between memory in use or "
			       "not resident: malloc_trim would return only %s.",
			       unused, back);
		return;
	}
	nm_strbuf_addf(out,
		       "%s are free inside malloc: not a leak. malloc keeps them for later, and "
		       "%s of them could go back at once: by malloc_trim(0), or for good with "
		       "MALLOC_ARENA_MAX=2, GLIBC_TUNABLES=glibc.malloc.mmap_threshold=65536, or "
		       "jemalloc preloaded.",
		       unused, back);
}
