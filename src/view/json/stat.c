#include "view/json/stat.h"

#include "model/ledger.h"
#include "model/metrics.h"
#include "model/verdict_memory.h"
#include "view/json/write.h"

static json_t *make_groups(const struct nm_ledger *ledger)
{
	json_t *object = json_object();

	for (int i = 0; i < NM_GROUP_COUNT; i++) {
		enum nm_group group = (enum nm_group)i;

		json_object_set_new(object, nm_group_name(group),
				    nm_json_number(true, nm_ledger_group(ledger, group).rss));
	}
	return object;
}

static json_t *make_first(const struct nm_limits *limits)
{
	const struct nm_limit *first;
	json_t *one;

	if (!limits || limits->first >= limits->count)
		return json_null();
	first = &limits->items[limits->first];
	one = json_object();
	json_object_set_new(one, "name", json_string(nm_limit_name(first->kind)));
	json_object_set_new(one, "scope", nm_json_foreign(first->scope));
	json_object_set_new(one, "limit", nm_json_number(true, first->limit));
	json_object_set_new(one, "used",
			    nm_json_number((first->has & NM_LIMIT_HAS_USED) != 0, first->used));
	json_object_set_new(
		one, "headroom",
		nm_json_number((first->has & NM_LIMIT_HAS_HEADROOM) != 0, first->headroom));
	return one;
}

static void add_ledger(json_t *document, const struct nm_ledger *ledger)
{
	const struct nm_malloc *malloc = &ledger->malloc;
	const bool inside = (malloc->has & NM_HAS_MALLOC_INSIDE) != 0;
	json_t *missing = json_array();

	json_object_set_new(document, "groups", make_groups(ledger));
	json_object_set_new(document, "swap",
			    nm_json_number((ledger->has & NM_HAS_LEDGER_SWAP) != 0, ledger->swap));
	json_object_set_new(document, "mallocInUse", nm_json_number(inside, malloc->in_use));
	json_object_set_new(document, "mallocFree", nm_json_number(inside, malloc->free));
	json_object_set_new(document, "mallocReclaimable",
			    nm_json_number(inside, malloc->reclaimable));
	for (unsigned i = 0; i < ledger->missing_count; i++)
		json_array_append_new(missing, nm_json_foreign(ledger->missing[i]));
	json_object_set_new(document, "missing", missing);
	json_object_set_new(document, "stoppedMs", json_real((double)ledger->stopped_us / 1000));
	json_object_set_new(document, "longestStopMs",
			    json_real((double)ledger->longest_stop_us / 1000));
}

void nm_json_stat(const struct nm_view_options *how, const struct nm_view_stat *stat)
{
	const struct nm_isolate *isolate = nm_sample_main(stat->sample);
	json_t *document = nm_json_document("nodemem/stat/1");

	json_object_set_new(document, "pid", json_integer(stat->info->pid));
	json_object_set_new(document, "node", nm_json_text(stat->info->node));
	json_object_set_new(document, "v8", nm_json_text(stat->info->v8));
	for (size_t i = 0; i < nm_metric_count; i++) {
		uint64_t value = 0;
		bool known = nm_metric_get(&nm_metrics[i], stat->sample, isolate, &value);

		json_object_set_new(document, nm_metrics[i].key, nm_json_number(known, value));
	}
	add_ledger(document, stat->ledger);
	json_object_set_new(document, "first", make_first(stat->limits));
	json_object_set_new(
		document, "nodeBelieves",
		nm_json_number(stat->limits && (stat->limits->has & NM_LIMITS_HAS_BELIEF),
			       stat->limits ? stat->limits->node_believes : 0));
	json_object_set_new(document, "verdict",
			    json_string(nm_memory_kind_name(stat->verdict->kind)));
	json_object_set_new(document, "summary", nm_json_foreign(stat->verdict->summary));
	json_object_set_new(document, "next", nm_json_foreign(stat->verdict->next));
	nm_json_write(how->out, document);
}
