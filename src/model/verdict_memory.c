#include "model/verdict_memory.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/units.h"
#include "model/ledger.h"
#include "model/sample.h"

/* Less than this is nobody's problem, and less than a tenth of rss explains nothing. */
#define FREE_MIN	  (UINT64_C(16) << 20)
#define FREE_SHARE_OF_RSS 10

/* Shares, in percent. */
#define HEAP_NEARLY_FULL 85 /* of the heap's limit */
#define LIMIT_NEAR	 10 /* of a limit is left */
#define SWAPPED		 10 /* of rss is in swap besides */
#define KEPT		 25 /* of rss is free inside malloc */
#define MAJOR		 40 /* of rss: what takes so much stands out */
#define USED_LITTLE	 50 /* of heapTotal */
/* A heap smaller than this is that of a program which does nothing yet. */
#define HEAP_SMALL (UINT64_C(48) << 20)

/* What the verdict is made from, taken together once. */
struct view {
	const struct nm_memory_facts *facts;
	const struct nm_isolate *main;
	uint64_t rss;
	uint64_t heap;	  /* resident pages of all isolates */
	uint64_t buffers; /* resident, WebAssembly's too */
	uint64_t native;  /* malloc in use, and add-ons */
	uint64_t kept;	  /* free inside malloc, resident or not */
	uint64_t program; /* of files: program, libraries, mapped files, built-in functions */
	uint64_t heap_total, heap_used; /* of all isolates */
	unsigned workers;
};

const char *nm_memory_kind_name(enum nm_memory_kind kind)
{
	static const char *const names[] = {
#define X(name, text) [NM_MEMORY_##name] = text,
		NM_MEMORY_KIND_LIST(X)
#undef X
	};

	return names[kind];
}

static bool is_share(uint64_t part, uint64_t whole, unsigned percent)
{
	return whole > 0 && 100.0 * (double)part >= (double)percent * (double)whole;
}

static unsigned percent_of(uint64_t part, uint64_t whole)
{
	return whole ? (unsigned)(100.0 * (double)part / (double)whole + 0.5) : 0;
}

/* Is most of what is free in the arenas of threads, of which there could be fewer? */
static bool is_in_threads(const struct nm_malloc *malloc)
{
	uint64_t in_threads = 0;

	for (size_t i = 0; i < malloc->arena_count; i++)
		in_threads += malloc->arenas[i].is_main ? 0 : malloc->arenas[i].free;
	return in_threads > malloc->free / 2;
}

/* The first sentence is given, up to the size and behind it. What helps was measured: docs/ledger.md. */
static void say_kept(const struct nm_malloc *malloc, const char *before, const char *after,
		     struct nm_strbuf *out)
{
	char unused[32], back[32];

	nm_units_words(malloc->free, unused, sizeof(unused));
	nm_units_words(malloc->reclaimable, back, sizeof(back));
	nm_strbuf_addf(out, "%s%s%s", before, unused, after);
	if (malloc->reclaimable < malloc->free / 4)
		nm_strbuf_addf(out,
			       " It is scattered between memory in use, or not resident: "
			       "malloc_trim(0) would return only %s.",
			       back);
	else
		nm_strbuf_addf(
			out,
			" malloc keeps it for later. %s of it could go back at once, by "
			"malloc_trim(0). To keep it lower: %s; or jemalloc preloaded, with "
			"MALLOC_CONF=background_thread:true,dirty_decay_ms:1000,"
			"muzzy_decay_ms:1000.",
			back,
			is_in_threads(malloc)
				? "MALLOC_ARENA_MAX=2"
				: "GLIBC_TUNABLES=glibc.malloc.mmap_threshold=65536 where it "
				  "comes from blocks larger than that, as of zlib");
}

static bool keeps_much(const struct nm_ledger *ledger)
{
	const struct nm_malloc *malloc = &ledger->malloc;

	return (malloc->has & NM_HAS_MALLOC_INSIDE) && malloc->free >= FREE_MIN &&
	       malloc->free >= ledger->rss / FREE_SHARE_OF_RSS;
}

void nm_verdict_malloc(const struct nm_ledger *ledger, struct nm_strbuf *out)
{
	if (keeps_much(ledger))
		say_kept(&ledger->malloc, "", " are free inside malloc: not a leak.", out);
}

static uint64_t group_rss(const struct nm_ledger *ledger, enum nm_group group)
{
	return nm_ledger_group(ledger, group).rss;
}

static void take_together(const struct nm_memory_facts *facts, struct view *out)
{
	const struct nm_ledger *ledger = facts->ledger;
	const struct nm_sample *sample = facts->sample;
	uint64_t malloc = group_rss(ledger, NM_GROUP_MALLOC);

	*out = (struct view){.facts = facts, .main = nm_sample_main(sample), .rss = ledger->rss};
	out->heap = group_rss(ledger, NM_GROUP_V8_HEAP);
	out->buffers = group_rss(ledger, NM_GROUP_ARRAY_BUFFERS) + group_rss(ledger, NM_GROUP_WASM);
	if (ledger->malloc.has & NM_HAS_MALLOC_INSIDE)
		out->kept = ledger->malloc.free;
	out->native = malloc > out->kept ? malloc - out->kept : 0;
	out->native += group_rss(ledger, NM_GROUP_ADDONS);
	out->program = group_rss(ledger, NM_GROUP_PROGRAM) + group_rss(ledger, NM_GROUP_LIBRARIES) +
		       group_rss(ledger, NM_GROUP_MAPPED_FILES) +
		       group_rss(ledger, NM_GROUP_V8_CODE);
	for (unsigned i = 0; i < sample->isolate_count; i++) {
		out->heap_total += sample->isolates[i].heap_total;
		out->heap_used += sample->isolates[i].heap_used;
	}
	out->workers = sample->isolate_count > 0 ? sample->isolate_count - 1 : 0;
}

/* ---- the five numbers -------------------------------------------------------------------- */

static void mean_rss(const struct view *view, char *out, size_t room)
{
	char swap[32];

	if (view->facts->ledger->swap > 0)
		snprintf(out, room, "the whole process, in RAM now; %s more are in swap",
			 nm_units_words(view->facts->ledger->swap, swap, sizeof(swap)));
	else
		snprintf(out, room, "the whole process, in RAM now; nothing of it is in swap");
}

static void mean_heap_total(const struct view *view, char *out, size_t room)
{
	char rest[32];
	uint64_t others = view->heap_total - view->main->heap_total;

	if (view->workers > 0)
		snprintf(out, room, "held by V8 for objects; %u worker%s hold%s %s more",
			 view->workers, view->workers == 1 ? "" : "s",
			 view->workers == 1 ? "s" : "", nm_units_words(others, rest, sizeof(rest)));
	else
		snprintf(out, room, "held by V8 for objects, used or not");
}

static void mean_heap_used(const struct view *view, char *out, size_t room)
{
	const struct nm_isolate *main = view->main;
	char limit[32];

	if ((main->has & NM_HAS_HEAP_SIZE_LIMIT) && (main->has & NM_HAS_HEAP_USED) &&
	    main->heap_size_limit > 0)
		snprintf(out, room, "taken by objects, %.1f %% of the limit of %s",
			 100.0 * (double)main->heap_used / (double)main->heap_size_limit,
			 nm_units_words(main->heap_size_limit, limit, sizeof(limit)));
	else
		snprintf(out, room, "taken by objects, dead ones not yet collected included");
}

static void mean_external(const struct view *view, char *out, size_t room)
{
	snprintf(out, room, "outside the heap, kept by objects in it");
	(void)view;
}

static void mean_array_buffers(const struct view *view, char *out, size_t room)
{
	const struct nm_isolate *main = view->main;

	if ((main->has & NM_HAS_ARRAY_BUFFERS) && (main->has & NM_HAS_EXTERNAL) &&
	    main->external > 0 && main->array_buffers <= main->external)
		snprintf(out, room, "of that, ArrayBuffers and Buffers: %u %%",
			 percent_of(main->array_buffers, main->external));
	else
		snprintf(out, room, "ArrayBuffers and Buffers");
}

/* ---- what stands out --------------------------------------------------------------------- */

/* The isolate whose heap is fullest, in percent. NULL when it is known of none. */
static const struct nm_isolate *find_fullest(const struct view *view, unsigned *out_percent)
{
	const struct nm_sample *sample = view->facts->sample;
	const struct nm_isolate *fullest = NULL;

	*out_percent = 0;
	for (unsigned i = 0; i < sample->isolate_count; i++) {
		unsigned percent;

		if (!nm_isolate_fullness(&sample->isolates[i], &percent) ||
		    (fullest && percent <= *out_percent))
			continue;
		fullest = &sample->isolates[i];
		*out_percent = percent;
	}
	return fullest;
}

static bool heap_nearly_full(const struct view *view, struct nm_memory_verdict *out)
{
	unsigned percent;
	const struct nm_isolate *isolate = find_fullest(view, &percent);
	char used[32], limit[32];

	if (!isolate || percent < HEAP_NEARLY_FULL)
		return false;
	out->kind = NM_MEMORY_HEAP_NEARLY_FULL;
	snprintf(
		out->summary, sizeof(out->summary),
		"The JavaScript heap of %s is nearly full: %s of %s, and but for the young generation "
		"%u %%. When a collection cannot make room any more, V8 ends the process.",
		isolate->name, nm_units_words(isolate->heap_used, used, sizeof(used)),
		nm_units_words(isolate->heap_size_limit, limit, sizeof(limit)), percent);
	snprintf(
		out->next, sizeof(out->next),
		"If it needs that much, allow it more with --max-old-space-size%s; if it should not, "
		"a heap snapshot tells what fills it.",
		strcmp(isolate->name, "main") == 0
			? ""
			: " or, for a worker, resourceLimits.maxOldGenerationSizeMb");
	return true;
}

static bool limit_near(const struct view *view, struct nm_memory_verdict *out)
{
	const struct nm_limits *limits = view->facts->limits;
	char left[32], size[32];

	for (size_t i = 0; limits && i < limits->count; i++) {
		const struct nm_limit *limit = &limits->items[i];

		if (limit->kind == NM_LIMIT_HEAP || !limit->ends_process ||
		    !(limit->has & NM_LIMIT_HAS_LIMIT) || !(limit->has & NM_LIMIT_HAS_HEADROOM) ||
		    is_share(limit->headroom, limit->limit, LIMIT_NEAR))
			continue;
		out->kind = NM_MEMORY_LIMIT_NEAR;
		snprintf(out->summary, sizeof(out->summary),
			 "%s are left of the %s of %s (%s). When nothing is left, %s.",
			 nm_units_words(limit->headroom, left, sizeof(left)),
			 nm_units_words(limit->limit, size, sizeof(size)),
			 nm_limit_name(limit->kind), limit->scope,
			 limit->kind == NM_LIMIT_ADDRESS_SPACE || limit->kind == NM_LIMIT_DATA
				 ? "an allocation fails and the process ends"
				 : "the kernel kills a process, and says nothing to it first");
		snprintf(
			out->next, sizeof(out->next),
			"'nodemem limits' shows all limits, 'nodemem doctor' the flag that fits them.");
		return true;
	}
	return false;
}

static bool swapped(const struct view *view, struct nm_memory_verdict *out)
{
	char swap[32];

	if (!is_share(view->facts->ledger->swap, view->rss, SWAPPED))
		return false;
	out->kind = NM_MEMORY_SWAPPED;
	snprintf(
		out->summary, sizeof(out->summary),
		"%s of the process are in swap. A collection reads the whole heap, and so brings it "
		"back page by page, which makes it take seconds instead of milliseconds.",
		nm_units_words(view->facts->ledger->swap, swap, sizeof(swap)));
	snprintf(
		out->next, sizeof(out->next),
		"Give the machine or the container more memory, or the process less heap; 'nodemem rss' "
		"shows which part is in swap.");
	return true;
}

static bool malloc_keeps(const struct view *view, struct nm_memory_verdict *out)
{
	struct nm_strbuf text;

	if (!is_share(view->kept, view->rss, KEPT) || !keeps_much(view->facts->ledger))
		return false;
	out->kind = NM_MEMORY_MALLOC_KEEPS;
	nm_strbuf_init(&text, sizeof(out->summary) - 1);
	say_kept(&view->facts->ledger->malloc, "This is not a JavaScript leak, because ",
		 " are free inside malloc.", &text);
	snprintf(out->summary, sizeof(out->summary), "%s", nm_strbuf_get(&text));
	nm_strbuf_done(&text);
	snprintf(
		out->next, sizeof(out->next),
		"'nodemem rss --since' shows whether it goes on growing: what malloc keeps, it uses "
		"again first.");
	return true;
}

static bool array_buffers(const struct view *view, struct nm_memory_verdict *out)
{
	char size[32], heap[32];

	if (!is_share(view->buffers, view->rss, MAJOR))
		return false;
	out->kind = NM_MEMORY_ARRAY_BUFFERS;
	snprintf(
		out->summary, sizeof(out->summary),
		"Most of rss, %s or %u %%, is memory of ArrayBuffers and Buffers, outside V8's heap. "
		"The heap itself is %s. No heap limit holds for it: only the container's and the "
		"machine's.",
		nm_units_words(view->buffers, size, sizeof(size)),
		percent_of(view->buffers, view->rss),
		nm_units_words(view->heap, heap, sizeof(heap)));
	snprintf(
		out->next, sizeof(out->next),
		"It goes when the objects that hold it are collected. Look for Buffers kept in lists, "
		"caches and streams that nobody reads; 'nodemem watch' shows whether arrayBuffers "
		"comes down again.");
	return true;
}

static bool heap_mostly_free(const struct view *view, struct nm_memory_verdict *out)
{
	char total[32], used[32];

	if (!is_share(view->heap, view->rss, MAJOR) || view->heap < HEAP_SMALL ||
	    is_share(view->heap_used, view->heap_total, USED_LITTLE))
		return false;
	out->kind = NM_MEMORY_HEAP_MOSTLY_FREE;
	snprintf(
		out->summary, sizeof(out->summary),
		"V8 holds %s for JavaScript objects, and only %s are taken: a peak is over, and V8 "
		"keeps the room for the next one. This is not a leak.",
		nm_units_words(view->heap_total, total, sizeof(total)),
		nm_units_words(view->heap_used, used, sizeof(used)));
	snprintf(
		out->next, sizeof(out->next),
		"V8 gives it back bit by bit with later collections. A lower --max-old-space-size, or "
		"--max-semi-space-size, keeps the peaks lower.");
	return true;
}

static bool heap(const struct view *view, struct nm_memory_verdict *out)
{
	char size[32], used[32];

	if (!is_share(view->heap, view->rss, MAJOR) || view->heap < HEAP_SMALL)
		return false;
	out->kind = NM_MEMORY_HEAP;
	snprintf(
		out->summary, sizeof(out->summary),
		"Most of rss, %s or %u %%, is the JavaScript heap, and %s of it are taken by objects. "
		"Some of them may be garbage that is not collected yet.",
		nm_units_words(view->heap, size, sizeof(size)), percent_of(view->heap, view->rss),
		nm_units_words(view->heap_used, used, sizeof(used)));
	snprintf(out->next, sizeof(out->next),
		 "Whether it is a leak shows in time: 'nodemem watch', and there the low points of "
		 "heapUsed. If they rise, a heap snapshot tells what stays.");
	return true;
}

static bool native(const struct view *view, struct nm_memory_verdict *out)
{
	char size[32];

	if (!is_share(view->native, view->rss, MAJOR))
		return false;
	out->kind = NM_MEMORY_NATIVE;
	snprintf(
		out->summary, sizeof(out->summary),
		"Most of rss, %s or %u %%, was allocated by C and C++ code: zlib, TLS, native add-ons, "
		"V8's and Node's own structures. It is neither JavaScript objects nor Buffers.",
		nm_units_words(view->native, size, sizeof(size)),
		percent_of(view->native, view->rss));
	snprintf(
		out->next, sizeof(out->next),
		"Look at streams of zlib that are not closed, at TLS connections and at add-ons; 'nodemem "
		"rss --since' shows whether it grows.");
	return true;
}

static bool program(const struct view *view, struct nm_memory_verdict *out)
{
	char size[32];

	if (!is_share(view->program, view->rss, MAJOR))
		return false;
	out->kind = NM_MEMORY_PROGRAM;
	snprintf(
		out->summary, sizeof(out->summary),
		"Nothing unusual: most of rss, %s or %u %%, is the program itself with its libraries, "
		"which all processes of the same Node.js share.",
		nm_units_words(view->program, size, sizeof(size)),
		percent_of(view->program, view->rss));
	snprintf(out->next, sizeof(out->next), "Nothing needs to be done.");
	return true;
}

static void mixed(const struct view *view, struct nm_memory_verdict *out)
{
	char sizes[4][32];

	out->kind = NM_MEMORY_MIXED;
	snprintf(
		out->summary, sizeof(out->summary),
		"No single part stands out: %s of heap, %s of ArrayBuffers, %s of native memory, %s of "
		"program and files.",
		nm_units_words(view->heap, sizes[0], sizeof(sizes[0])),
		nm_units_words(view->buffers, sizes[1], sizeof(sizes[1])),
		nm_units_words(view->native, sizes[2], sizeof(sizes[2])),
		nm_units_words(view->program, sizes[3], sizeof(sizes[3])));
	snprintf(out->next, sizeof(out->next),
		 "'nodemem rss' names every part; with --since, later, what grew.");
}

void nm_verdict_memory(const struct nm_memory_facts *facts, struct nm_memory_verdict *out)
{
	static void (*const means[NM_MEMORY_NUMBERS])(const struct view *, char *, size_t) = {
		mean_rss, mean_heap_total, mean_heap_used, mean_external, mean_array_buffers,
	};
	static bool (*const verdicts[])(const struct view *, struct nm_memory_verdict *) = {
		heap_nearly_full, limit_near, swapped, malloc_keeps, array_buffers,
		heap_mostly_free, heap,	      native,  program,
	};
	struct view view;

	memset(out, 0, sizeof(*out));
	take_together(facts, &view);
	for (int i = 0; i < NM_MEMORY_NUMBERS; i++)
		means[i](&view, out->meanings[i], sizeof(out->meanings[i]));
	for (size_t i = 0; i < sizeof(verdicts) / sizeof(verdicts[0]); i++)
		if (verdicts[i](&view, out))
			return;
	mixed(&view, out);
}
