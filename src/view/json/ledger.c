#include "view/json/ledger.h"

#include "model/ledger.h"
#include "view/json/write.h"

static json_t *make_part(const struct nm_ledger *ledger, const struct nm_part *part)
{
	const bool has_pss = (ledger->has & NM_HAS_LEDGER_PSS) != 0;
	json_t *one = json_object();

	json_object_set_new(one, "name", nm_json_foreign(part->name));
	json_object_set_new(one, "group", json_string(nm_group_name(part->group)));
	json_object_set_new(one, "isolate", nm_json_text(part->isolate));
	json_object_set_new(one, "rss", nm_json_number(true, part->rss));
	json_object_set_new(one, "pss", nm_json_number(has_pss, part->pss));
	json_object_set_new(one, "swap", nm_json_number(has_pss, part->swap));
	json_object_set_new(one, "named", json_boolean(!part->is_unnamed));
	return one;
}

static json_t *difference(uint64_t now, uint64_t before)
{
	return json_integer((json_int_t)now - (json_int_t)before);
}

static json_t *make_parts(const struct nm_ledger *ledger, const struct nm_ledger *since)
{
	json_t *array = json_array();

	for (size_t i = 0; i < ledger->part_count; i++) {
		const struct nm_part *part = &ledger->parts[i];
		json_t *one = make_part(ledger, part);

		if (since) {
			const struct nm_part *before = nm_ledger_same(since, part);

			json_object_set_new(one, "rssDelta",
					    difference(part->rss, before ? before->rss : 0));
		}
		json_array_append_new(array, one);
	}
	/* What was there and is gone. */
	for (size_t i = 0; since && i < since->part_count; i++) {
		struct nm_part gone = since->parts[i];
		json_t *one;

		if (nm_ledger_same(ledger, &gone))
			continue;
		gone.rss = gone.pss = gone.swap = 0;
		one = make_part(ledger, &gone);
		json_object_set_new(one, "rssDelta", difference(0, since->parts[i].rss));
		json_array_append_new(array, one);
	}
	return array;
}

static json_t *make_arenas(const struct nm_malloc *malloc)
{
	json_t *array = json_array();

	for (size_t i = 0; i < malloc->arena_count; i++) {
		const struct nm_malloc_arena *arena = &malloc->arenas[i];
		json_t *one = json_object();

		json_object_set_new(one, "kind", json_string(arena->is_main ? "main" : "thread"));
		json_object_set_new(one, "size", nm_json_number(true, arena->size));
		json_object_set_new(one, "inUse", nm_json_number(true, arena->in_use));
		json_object_set_new(one, "free", nm_json_number(true, arena->free));
		json_object_set_new(one, "reclaimable", nm_json_number(true, arena->reclaimable));
		json_array_append_new(array, one);
	}
	return array;
}

static json_t *make_malloc(const struct nm_malloc *malloc)
{
	const bool inside = (malloc->has & NM_HAS_MALLOC_INSIDE) != 0;
	const bool mmapped = (malloc->has & NM_HAS_MALLOC_MMAPPED) != 0;
	json_t *one = json_object();

	json_object_set_new(one, "allocator", nm_json_foreign(malloc->allocator));
	json_object_set_new(one, "inUse", nm_json_number(inside, malloc->in_use));
	json_object_set_new(one, "free", nm_json_number(inside, malloc->free));
	json_object_set_new(one, "reclaimable", nm_json_number(inside, malloc->reclaimable));
	json_object_set_new(one, "cached", nm_json_number(inside, malloc->cached));
	json_object_set_new(one, "mmapped", nm_json_number(mmapped, malloc->mmapped));
	json_object_set_new(one, "mmappedChunks", nm_json_number(mmapped, malloc->mmapped_chunks));
	json_object_set_new(one, "arenas", inside ? make_arenas(malloc) : json_null());
	return one;
}

static void add_stops(json_t *document, const struct nm_ledger *ledger)
{
	json_object_set_new(document, "stops", json_integer(ledger->stops));
	json_object_set_new(document, "stoppedMs", json_real((double)ledger->stopped_us / 1000));
	json_object_set_new(document, "longestStopMs",
			    json_real((double)ledger->longest_stop_us / 1000));
	json_object_set_new(document, "tookMs", json_real((double)ledger->took_us / 1000));
}

void nm_json_ledger(const struct nm_view_options *how, const struct nm_target_info *info,
		    const struct nm_ledger *ledger, const struct nm_ledger *since)
{
	const bool has_pss = (ledger->has & NM_HAS_LEDGER_PSS) != 0;
	json_t *document = nm_json_document("nodemem/rss/1"), *missing = json_array();

	json_object_set_new(document, "pid", json_integer(ledger->pid));
	json_object_set_new(document, "node", nm_json_text(info->node));
	json_object_set_new(document, "v8", nm_json_text(info->v8));
	json_object_set_new(document, "rss", nm_json_number(true, ledger->rss));
	json_object_set_new(document, "pss", nm_json_number(has_pss, ledger->pss));
	json_object_set_new(document, "swap",
			    nm_json_number((ledger->has & NM_HAS_LEDGER_SWAP) != 0, ledger->swap));
	if (since)
		json_object_set_new(document, "rssDelta", difference(ledger->rss, since->rss));
	json_object_set_new(document, "complete", json_boolean(ledger->missing_count == 0));
	for (unsigned i = 0; i < ledger->missing_count; i++)
		json_array_append_new(missing, nm_json_foreign(ledger->missing[i]));
	json_object_set_new(document, "missing", missing);
	json_object_set_new(document, "parts", make_parts(ledger, since));
	json_object_set_new(document, "malloc", make_malloc(&ledger->malloc));
	json_object_set_new(
		document, "arrayBuffers",
		nm_json_number((ledger->has & NM_HAS_FOUND_BUFFERS) != 0, ledger->array_buffers));
	json_object_set_new(document, "unnamed", nm_json_number(true, ledger->unnamed));
	add_stops(document, ledger);
	nm_json_write(how->out, document);
}
