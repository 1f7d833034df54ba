/*
 * test_openmetrics.c - points as text: escapes, what is put together, what is left out
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "view/openmetrics.h"
#include "view/otlp.h"

/* Two processes of one name, of which the first has a heap and a limit whose scope is hostile. */
struct model {
	struct nm_isolate isolate;
	struct nm_sample samples[2];
	struct nm_target_info infos[2];
	struct nm_limit limit;
	struct nm_limits limits;
	struct nm_fleet_process processes[2];
	struct nm_fleet fleet;
	struct nm_points points;
};

static struct model *make(const char *scope)
{
	struct model *model = calloc(1, sizeof(*model));

	assert_non_null(model);
	model->isolate =
		(struct nm_isolate){.name = "main",
				    .has = NM_HAS_HEAP_USED | NM_HAS_GC_COUNTS,
				    .heap_used = 7,
				    .major_gcs = 3,
				    .space_count = 1,
				    .spaces = {{.name = "old_space", .size = 20, .used = 10}}};
	for (int i = 0; i < 2; i++) {
		model->infos[i].pid = 10 + i;
		snprintf(model->infos[i].node, sizeof(model->infos[i].node), "v20.1.0");
		model->samples[i] = (struct nm_sample){.pid = 10 + i,
						       .has = NM_HAS_RSS,
						       .rss = UINT64_C(1) << 60,
						       .isolate_count = i == 0,
						       .isolates = &model->isolate};
		model->processes[i] = (struct nm_fleet_process){.pid = 10 + i,
								.app = "a.js",
								.info = &model->infos[i],
								.sample = &model->samples[i]};
	}
	model->limit = (struct nm_limit){.kind = NM_LIMIT_CGROUP_MAX,
					 .has = NM_LIMIT_HAS_LIMIT | NM_LIMIT_HAS_KILLS,
					 .limit = 100,
					 .kills = 2};
	snprintf(model->limit.scope, sizeof(model->limit.scope), "%s", scope);
	model->limits = (struct nm_limits){.items = &model->limit, .count = 1, .first = 1};
	model->processes[0].limits = model->processes[1].limits = &model->limits;
	model->fleet = (struct nm_fleet){.processes = model->processes, .count = 2, .version = "1"};
	return model;
}

static void write_text(struct model *model, bool is_open, bool no_pid, size_t max,
		       struct nm_strbuf *out)
{
	const struct nm_openmetrics_options options = {is_open, no_pid};

	nm_strbuf_init(out, 1 << 20);
	assert_int_equal(nm_points_make(&model->points, &model->fleet, max), NM_OK);
	assert_int_equal(nm_openmetrics_write(&model->points, &model->fleet, &options, out), NM_OK);
}

static void done(struct model *model, struct nm_strbuf *text)
{
	nm_points_done(&model->points);
	nm_strbuf_done(text);
	free(model);
}

static void assert_has(const struct nm_strbuf *text, const char *line)
{
	if (!strstr(text->text, line))
		fail_msg("no %s in %s", line, text->text);
}

static void labels_are_escaped_and_always_utf8(void **state)
{
	struct model *model = make("/a\"b\\c\nd\xff\xc3\xa9\xed\xa0\x80\xf0\x9f\x90\xa2\xe2\x82");
	struct nm_strbuf text;

	(void)state;
	write_text(model, true, false, 1000, &text);
	assert_has(&text,
		   "\nnodemem_limit_bytes{app=\"a.js\",pid=\"10\",limit=\"memory.max\",scope="
		   "\"/a\\\"b\\\\c\\nd?\xc3\xa9???\xf0\x9f\x90\xa2??\"} 100\n");
	done(model, &text);
}

static void both_formats_name_kinds_as_they_do(void **state)
{
	struct model *model = make("/a");
	struct nm_strbuf text;

	(void)state;
	write_text(model, true, false, 1000, &text);
	assert_has(&text, "# TYPE nodemem_gc counter\nnodemem_gc_total{");
	assert_has(&text, "# TYPE nodejs_version info\nnodejs_version_info{");
	assert_has(&text, "# UNIT process_resident_memory_bytes bytes\n");
	assert_string_equal(text.text + text.length - 6, "# EOF\n");
	nm_strbuf_done(&text);
	write_text(model, false, false, 1000, &text);
	assert_has(&text, "# TYPE nodemem_gc_total counter\n");
	assert_has(&text, "# TYPE nodejs_version_info gauge\n");
	assert_null(strstr(text.text, "# UNIT"));
	assert_null(strstr(text.text, "# EOF"));
	assert_has(&text,
		   "nodejs_heap_space_size_total_bytes{app=\"a.js\",pid=\"10\",isolate=\"main\","
		   "space=\"old\"} 20\n");
	/* Its heapTotal is not known; nor is the time of its start. */
	assert_null(strstr(text.text, "nodejs_heap_size_total_bytes"));
	assert_null(strstr(text.text, "process_start_time_seconds"));
	/* One control group, though both processes are in it. */
	assert_has(&text, "\nnodemem_cgroup_oom_kills_total{cgroup=\"/a\"} 2\n# HELP");
	done(model, &text);
}

static void without_pid_sums_are_sums_and_limits_the_least(void **state)
{
	struct model *model = make("/a");
	struct nm_strbuf text;

	(void)state;
	write_text(model, true, true, 1000, &text);
	assert_has(&text, "\nprocess_resident_memory_bytes{app=\"a.js\"} 2305843009213693952\n");
	assert_has(&text,
		   "\nnodemem_limit_bytes{app=\"a.js\",limit=\"memory.max\",scope=\"/a\"} 100\n");
	assert_has(&text, "\nnodemem_up{app=\"a.js\"} 1\n");
	nm_strbuf_done(&text);
	model->processes[1].sample = NULL;
	model->processes[1].info = NULL;
	write_text(model, true, true, 1000, &text);
	assert_has(&text, "\nnodemem_up{app=\"a.js\"} 0\n");
	done(model, &text);
}

static void what_does_not_fit_is_counted(void **state)
{
	struct model *model = make("/a");
	struct nm_strbuf text;

	(void)state;
	write_text(model, true, false, 10, &text);
	/* The first process has more series than there is room for, the second has not. */
	assert_null(strstr(text.text, "pid=\"10\""));
	assert_has(&text, "pid=\"11\"");
	assert_null(strstr(text.text, "nodemem_series_dropped 0\n"));
	done(model, &text);
}

static void foreign_text_makes_json_of_otlp_too(void **state)
{
	const struct nm_otlp_options options = {.service = "", .host = ""};
	struct model *model = make("/\xff\"");
	struct nm_strbuf text;
	char *json;

	(void)state;
	write_text(model, true, false, 1000, &text);
	json = nm_otlp_write(&model->points, &model->fleet, &options);
	assert_non_null(json);
	assert_non_null(strstr(json, "{\"stringValue\":\"/?\\\"\"}"));
	assert_non_null(strstr(json, "\"asInt\":\"1152921504606846976\""));
	free(json);
	done(model, &text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(labels_are_escaped_and_always_utf8),
		cmocka_unit_test(both_formats_name_kinds_as_they_do),
		cmocka_unit_test(without_pid_sums_are_sums_and_limits_the_least),
		cmocka_unit_test(what_does_not_fit_is_counted),
		cmocka_unit_test(foreign_text_makes_json_of_otlp_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
