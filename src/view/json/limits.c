#include "view/json/limits.h"

#include "model/findings.h"
#include "model/node_rule.h"
#include "view/json/write.h"

static json_t *make_limit(const struct nm_limit *limit)
{
	const unsigned has = limit->has;
	json_t *one = json_object();

	json_object_set_new(one, "name", json_string(nm_limit_name(limit->kind)));
	json_object_set_new(one, "scope", nm_json_foreign(limit->scope));
	json_object_set_new(one, "limit",
			    nm_json_number((has & NM_LIMIT_HAS_LIMIT) != 0, limit->limit));
	json_object_set_new(one, "used",
			    nm_json_number((has & NM_LIMIT_HAS_USED) != 0, limit->used));
	json_object_set_new(one, "headroom",
			    nm_json_number((has & NM_LIMIT_HAS_HEADROOM) != 0, limit->headroom));
	json_object_set_new(one, "distance",
			    nm_json_number((has & NM_LIMIT_HAS_DISTANCE) != 0, limit->distance));
	json_object_set_new(one, "endsProcess", json_boolean(limit->ends_process));
	if (limit->scope[0] != '/')
		return one;
	json_object_set_new(one, "usage",
			    nm_json_number((has & NM_LIMIT_HAS_USAGE) != 0, limit->usage));
	json_object_set_new(one, "cache",
			    nm_json_number((has & NM_LIMIT_HAS_CACHE) != 0, limit->cache));
	json_object_set_new(one, "kills",
			    nm_json_number((has & NM_LIMIT_HAS_KILLS) != 0, limit->kills));
	return one;
}

static void add_belief(json_t *document, const struct nm_isolate *isolate,
		       const struct nm_limits *limits)
{
	bool knows = (limits->has & NM_LIMITS_HAS_BELIEF) != 0;
	unsigned has = isolate ? isolate->has : 0;

	json_object_set_new(document, "nodeBelieves", nm_json_number(knows, limits->node_believes));
	json_object_set_new(document, "nodeBelievesFrom",
			    knows ? json_string(nm_belief_text(limits->believes_from))
				  : json_null());
	json_object_set_new(document, "ruleProven",
			    knows ? json_boolean(limits->is_proven) : json_null());
	json_object_set_new(document, "heapLimitByDefault",
			    nm_json_number(knows, limits->default_heap_limit));
	json_object_set_new(document, "heapSizeLimit",
			    nm_json_number((has & NM_HAS_HEAP_SIZE_LIMIT) != 0,
					   isolate ? isolate->heap_size_limit : 0));
	json_object_set_new(document, "maxSemiSpaceByDefault",
			    nm_json_number(knows, limits->default_semi_space));
	json_object_set_new(document, "maxSemiSpace",
			    nm_json_number((has & NM_HAS_MAX_SEMI_SPACE) != 0,
					   isolate ? isolate->max_semi_space : 0));
}

void nm_json_limits(const struct nm_view_options *how, const struct nm_target_info *info,
		    const struct nm_sample *sample, const struct nm_limits *limits)
{
	json_t *document = nm_json_document("nodemem/limits/1"), *array = json_array();
	const struct nm_limit *first =
		limits->first < limits->count ? &limits->items[limits->first] : NULL;

	json_object_set_new(document, "pid", json_integer(info->pid));
	json_object_set_new(document, "node", nm_json_text(info->node));
	for (size_t i = 0; i < limits->count; i++)
		json_array_append_new(array, make_limit(&limits->items[i]));
	json_object_set_new(document, "limits", array);
	json_object_set_new(document, "first",
			    first ? json_string(nm_limit_name(first->kind)) : json_null());
	json_object_set_new(document, "firstScope",
			    first ? nm_json_foreign(first->scope) : json_null());
	add_belief(document, nm_sample_main(sample), limits);
	json_object_set_new(
		document, "swapped",
		nm_json_number((limits->has & NM_LIMITS_HAS_SWAPPED) != 0, limits->swapped));
	json_object_set_new(document, "cgroupVersion",
			    limits->cgroup_version ? json_integer(limits->cgroup_version)
						   : json_null());
	nm_json_write(how->out, document);
}

static json_t *make_finding(const struct nm_finding *finding)
{
	json_t *one = json_object();

	json_object_set_new(one, "id", json_string(finding->id));
	json_object_set_new(one, "severity", json_string(nm_severity_name(finding->severity)));
	json_object_set_new(one, "pid", finding->pid ? json_integer(finding->pid) : json_null());
	json_object_set_new(one, "text", nm_json_foreign(finding->text));
	json_object_set_new(one, "fix", nm_json_text(finding->fix));
	return one;
}

static json_t *make_plan(const struct nm_plan *plan)
{
	json_t *one = json_object();

	json_object_set_new(one, "node", json_integer(plan->major));
	json_object_set_new(one, "memory", nm_json_number(plan->memory != 0, plan->memory));
	json_object_set_new(one, "totalmem", nm_json_number(true, plan->totalmem));
	json_object_set_new(one, "cgroupVersion",
			    plan->cgroup_version ? json_integer(plan->cgroup_version)
						 : json_null());
	json_object_set_new(one, "nodeBelieves", nm_json_number(true, plan->believes));
	json_object_set_new(one, "nodeBelievesFrom",
			    json_string(nm_belief_text(plan->believes_from)));
	json_object_set_new(one, "ruleProven", json_boolean(plan->is_proven));
	json_object_set_new(one, "heapSizeLimit", nm_json_number(true, plan->heap.limit));
	json_object_set_new(one, "maxOldSpace", nm_json_number(true, plan->heap.old_space));
	json_object_set_new(one, "maxSemiSpace", nm_json_number(true, plan->heap.semi_space));
	json_object_set_new(one, "kernelFirst", json_boolean(plan->kernel_first));
	json_object_set_new(one, "maxOldSpaceSizeMib",
			    nm_json_number(plan->old_space_mib != 0, plan->old_space_mib));
	return one;
}

void nm_json_findings(const struct nm_view_options *how, const struct nm_findings *findings)
{
	json_t *document = nm_json_document("nodemem/doctor/1"), *array = json_array();

	for (size_t i = 0; i < findings->count; i++)
		json_array_append_new(array, make_finding(&findings->items[i]));
	json_object_set_new(document, "findings", array);
	if (findings->plan)
		json_object_set_new(document, "plan", make_plan(findings->plan));
	else
		json_object_set_new(document, "processes",
				    json_integer((json_int_t)findings->looked_at));
	nm_json_write(how->out, document);
}
