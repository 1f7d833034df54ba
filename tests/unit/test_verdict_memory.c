/*
 * test_verdict_memory.c - recorded processes and what is said of them
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "base/units.h"
#include "model/ledger.h"
#include "model/limits.h"
#include "model/verdict_memory.h"

/* In MiB, as seen on real processes with Node.js 24. */
struct recorded {
	const char *name;
	unsigned heap, buffers, malloc, addons, program, other, swap;
	unsigned malloc_free, reclaimable; /* inside malloc */
	unsigned heap_total, heap_used, heap_limit;
	unsigned workers_total, workers_used, workers_limit; /* of one worker; 0 for none */
	unsigned group_limit, group_used;		     /* a control group; 0 for none */
	enum nm_memory_kind kind;
	const char *in_summary, *in_next;
};

static const struct recorded cases[] = {
	{"an idle process",
	 4,
	 0,
	 2,
	 0,
	 32,
	 4,
	 0,
	 1,
	 0,
	 6,
	 4,
	 4288,
	 0,
	 0,
	 0,
	 0,
	 0,
	 NM_MEMORY_PROGRAM,
	 "Nothing unusual: most of rss, 32.0 MiB or 76 %",
	 "Nothing needs"},
	{"twenty large Buffers",
	 4,
	 200,
	 2,
	 0,
	 32,
	 4,
	 0,
	 1,
	 0,
	 6,
	 4,
	 4288,
	 0,
	 0,
	 0,
	 0,
	 0,
	 NM_MEMORY_ARRAY_BUFFERS,
	 "200.0 MiB or 83 %, is memory of ArrayBuffers",
	 "caches"},
	{"nine of ten Buffers freed",
	 17,
	 23,
	 218,
	 0,
	 38,
	 6,
	 0,
	 215,
	 189,
	 22,
	 5,
	 4288,
	 0,
	 0,
	 0,
	 0,
	 0,
	 NM_MEMORY_MALLOC_KEEPS,
	 "This is not a JavaScript leak, because 215.0 MiB are free inside malloc.",
	 "rss --since"},
	{"free, but not resident",
	 17,
	 23,
	 100,
	 0,
	 38,
	 6,
	 0,
	 215,
	 20,
	 22,
	 5,
	 4288,
	 0,
	 0,
	 0,
	 0,
	 0,
	 NM_MEMORY_MALLOC_KEEPS,
	 "malloc_trim(0) would return only 20.0 MiB",
	 "rss --since"},
	{"a heap of live objects",
	 900,
	 1,
	 5,
	 0,
	 32,
	 6,
	 0,
	 1,
	 0,
	 910,
	 880,
	 4288,
	 0,
	 0,
	 0,
	 0,
	 0,
	 NM_MEMORY_HEAP,
	 "is the JavaScript heap, and 880.0 MiB of it are taken",
	 "low points"},
	{"a heap after its peak",
	 400,
	 1,
	 5,
	 0,
	 32,
	 6,
	 0,
	 1,
	 0,
	 410,
	 60,
	 4288,
	 0,
	 0,
	 0,
	 0,
	 0,
	 NM_MEMORY_HEAP_MOSTLY_FREE,
	 "V8 holds 410.0 MiB for JavaScript objects, and only 60.0 MiB",
	 "--max-semi-space-size"},
	{"a heap near its limit",
	 1900,
	 1,
	 5,
	 0,
	 32,
	 6,
	 0,
	 1,
	 0,
	 1990,
	 1950,
	 2096,
	 0,
	 0,
	 0,
	 0,
	 0,
	 NM_MEMORY_HEAP_NEARLY_FULL,
	 "heap of main is nearly full: 1.90 GiB of 2.05 GiB",
	 "--max-old-space-size;"},
	{"a worker's heap near its limit",
	 100,
	 1,
	 5,
	 0,
	 32,
	 6,
	 0,
	 1,
	 0,
	 20,
	 10,
	 2096,
	 70,
	 62,
	 64,
	 0,
	 0,
	 NM_MEMORY_HEAP_NEARLY_FULL,
	 "heap of worker-1 is nearly full",
	 "resourceLimits.maxOldGenerationSizeMb"},
	{"streams of zlib",
	 8,
	 12,
	 60,
	 0,
	 40,
	 2,
	 0,
	 15,
	 11,
	 9,
	 6,
	 4288,
	 0,
	 0,
	 0,
	 0,
	 0,
	 NM_MEMORY_MIXED,
	 "No single part stands out",
	 "rss"},
	{"an add-on",
	 8,
	 4,
	 20,
	 120,
	 40,
	 2,
	 0,
	 2,
	 1,
	 9,
	 6,
	 4288,
	 0,
	 0,
	 0,
	 0,
	 0,
	 NM_MEMORY_NATIVE,
	 "138.0 MiB or 71 %, was allocated by C and C++ code",
	 "add-ons"},
	{"a container nearly full",
	 100,
	 300,
	 5,
	 0,
	 32,
	 6,
	 0,
	 1,
	 0,
	 110,
	 90,
	 4288,
	 0,
	 0,
	 0,
	 512,
	 490,
	 NM_MEMORY_LIMIT_NEAR,
	 "22.0 MiB are left of the 512.0 MiB of memory.max (/pod)",
	 "nodemem doctor"},
	{"half in swap",
	 200,
	 1,
	 5,
	 0,
	 32,
	 6,
	 240,
	 1,
	 0,
	 410,
	 380,
	 4288,
	 0,
	 0,
	 0,
	 0,
	 0,
	 NM_MEMORY_SWAPPED,
	 "240.0 MiB of the process are in swap",
	 "more memory"},
};

static void add_part(struct nm_ledger *ledger, enum nm_group group, unsigned mib)
{
	nm_part_index part = nm_ledger_part(ledger, group, "", "all of it");

	ledger->parts[part].rss = mib * NM_MIB;
	ledger->rss += mib * NM_MIB;
}

static void make_ledger(const struct recorded *recorded, struct nm_ledger *out)
{
	memset(out, 0, sizeof(*out));
	add_part(out, NM_GROUP_V8_HEAP, recorded->heap);
	add_part(out, NM_GROUP_ARRAY_BUFFERS, recorded->buffers);
	add_part(out, NM_GROUP_MALLOC, recorded->malloc);
	add_part(out, NM_GROUP_ADDONS, recorded->addons);
	add_part(out, NM_GROUP_PROGRAM, recorded->program);
	add_part(out, NM_GROUP_OTHER, recorded->other);
	out->swap = recorded->swap * NM_MIB;
	out->malloc.has = NM_HAS_MALLOC_INSIDE;
	out->malloc.free = recorded->malloc_free * NM_MIB;
	out->malloc.reclaimable = recorded->reclaimable * NM_MIB;
	assert_int_equal(nm_ledger_finish(out, NULL), NM_OK);
}

static void make_isolate(const char *name, unsigned total, unsigned used, unsigned limit,
			 struct nm_isolate *out)
{
	memset(out, 0, sizeof(*out));
	snprintf(out->name, sizeof(out->name), "%s", name);
	out->has = NM_HAS_HEAP_TOTAL | NM_HAS_HEAP_USED | NM_HAS_HEAP_SIZE_LIMIT;
	out->heap_total = total * NM_MIB;
	out->heap_used = used * NM_MIB;
	out->heap_size_limit = limit * NM_MIB;
}

static void make_limits(const struct recorded *recorded, const struct nm_sample *sample,
			struct nm_limits *out)
{
	struct nm_limit *limit;

	nm_limits_init(out);
	assert_int_equal(nm_limits_add_isolates(out, sample), NM_OK);
	if (recorded->group_limit > 0) {
		limit = nm_limits_add(out, NM_LIMIT_CGROUP_MAX, "/pod");
		nm_limit_set_limit(limit, true, recorded->group_limit * NM_MIB);
		nm_limit_set_used(limit, true, recorded->group_used * NM_MIB);
	}
	limit = nm_limits_add(out, NM_LIMIT_MACHINE, "machine");
	nm_limit_set_limit(limit, true, 24000 * NM_MIB);
	nm_limit_set_used(limit, true, 4000 * NM_MIB);
	nm_limits_judge(out);
}

static void judge(const struct recorded *recorded, struct nm_memory_verdict *out)
{
	struct nm_isolate isolates[2];
	struct nm_sample sample = {.isolates = isolates, .isolate_count = 1};
	struct nm_ledger ledger;
	struct nm_limits limits;
	struct nm_memory_facts facts = {&sample, &ledger, &limits};

	make_isolate("main", recorded->heap_total, recorded->heap_used, recorded->heap_limit,
		     &isolates[0]);
	if (recorded->workers_limit > 0) {
		make_isolate("worker-1", recorded->workers_total, recorded->workers_used,
			     recorded->workers_limit, &isolates[1]);
		sample.isolate_count = 2;
	}
	make_ledger(recorded, &ledger);
	make_limits(recorded, &sample, &limits);
	nm_verdict_memory(&facts, out);
	nm_limits_done(&limits);
	nm_ledger_done(&ledger);
}

static void recorded_processes_are_judged_rightly(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct nm_memory_verdict verdict;

		judge(&cases[i], &verdict);
		if (verdict.kind != cases[i].kind ||
		    !strstr(verdict.summary, cases[i].in_summary) ||
		    !strstr(verdict.next, cases[i].in_next))
			fail_msg("%s: %s: %s %s", cases[i].name, nm_memory_kind_name(verdict.kind),
				 verdict.summary, verdict.next);
	}
}

/* None of the texts is cut, whatever the numbers. */
static void sentences_are_whole(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct nm_memory_verdict verdict;

		judge(&cases[i], &verdict);
		assert_int_equal(verdict.summary[strlen(verdict.summary) - 1], '.');
		assert_int_equal(verdict.next[strlen(verdict.next) - 1], '.');
		for (int k = 0; k < NM_MEMORY_NUMBERS; k++)
			assert_true(verdict.meanings[k][0] != '\0' &&
				    strlen(verdict.meanings[k]) < sizeof(verdict.meanings[k]) - 1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(recorded_processes_are_judged_rightly),
		cmocka_unit_test(sentences_are_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
