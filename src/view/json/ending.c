#include "view/json/ending.h"

#include "model/deaths.h"
#include "model/verdict_terms.h"
#include "view/json/last_heap.h"
#include "view/json/write.h"

static json_t *make_gcs(const struct nm_ending *ending)
{
	json_t *array = json_array();
	unsigned count;
	const struct nm_gc *gcs = nm_ending_gcs(ending, &count);

	for (unsigned i = 0; i < count; i++) {
		const struct nm_gc *gc = &gcs[i];
		json_t *one = json_object();

		json_object_set_new(one, "kind", nm_json_foreign(gc->kind));
		json_object_set_new(one, "beforeMb", json_real(gc->before_mb));
		json_object_set_new(one, "afterMb", json_real(gc->after_mb));
		json_object_set_new(one, "pauseMs", json_real(gc->pause_ms));
		json_array_append_new(array, one);
	}
	return array;
}

static json_t *make_run_process(const struct nm_run_process *process)
{
	const unsigned has = process->has;
	json_t *one = json_object();

	json_object_set_new(one, "pid", json_integer(process->pid));
	json_object_set_new(one, "name", nm_json_foreign(process->label));
	json_object_set_new(one, "node", nm_json_text(process->node));
	json_object_set_new(one, "samples", nm_json_number(true, process->samples));
	json_object_set_new(one, "peakRss",
			    nm_json_number((has & NM_HAS_RSS) != 0, process->peak_rss));
	json_object_set_new(
		one, "peakHeapTotal",
		nm_json_number((has & NM_HAS_HEAP_TOTAL) != 0, process->peak_heap_total));
	json_object_set_new(one, "peakHeapUsed",
			    nm_json_number((has & NM_HAS_HEAP_USED) != 0, process->peak_heap_used));
	json_object_set_new(one, "peakExternal",
			    nm_json_number((has & NM_HAS_EXTERNAL) != 0, process->peak_external));
	json_object_set_new(
		one, "peakArrayBuffers",
		nm_json_number((has & NM_HAS_ARRAY_BUFFERS) != 0, process->peak_array_buffers));
	json_object_set_new(one, "heapUsed",
			    nm_json_number((has & NM_HAS_HEAP_USED) != 0, process->heap_used));
	json_object_set_new(
		one, "heapSizeLimit",
		nm_json_number((has & NM_HAS_HEAP_SIZE_LIMIT) != 0, process->heap_size_limit));
	return one;
}

static json_t *make_evidence(const struct nm_ending *ending)
{
	json_t *array = json_array();

	for (unsigned i = 0; i < ending->evidence_count; i++)
		json_array_append_new(array, nm_json_foreign(ending->evidence[i]));
	return array;
}

static void add_ending(json_t *document, const struct nm_ending *ending)
{
	const struct nm_run_process *subject = ending->subject;
	const unsigned has = subject ? subject->has : 0;
	const pid_t pid = subject ? subject->pid : ending->pid;
	json_t *array = json_array();
	char name[32];

	json_object_set_new(document, "cause", json_string(nm_cause_name(ending->cause)));
	json_object_set_new(document, "exitCode",
			    ending->exit_code >= 0 ? json_integer(ending->exit_code) : json_null());
	json_object_set_new(document, "signal",
			    ending->signal ? json_string(nm_verdict_signal_name(ending->signal,
										name, sizeof(name)))
					   : json_null());
	json_object_set_new(document, "pid", pid != 0 ? json_integer(pid) : json_null());
	json_object_set_new(
		document, "heapUsed",
		nm_json_number((has & NM_HAS_HEAP_USED) != 0, subject ? subject->heap_used : 0));
	json_object_set_new(document, "heapSizeLimit",
			    nm_json_number((has & NM_HAS_HEAP_SIZE_LIMIT) != 0,
					   subject ? subject->heap_size_limit : 0));
	json_object_set_new(document, "peakRss",
			    nm_json_number(ending->peak_rss != 0, ending->peak_rss));
	json_object_set_new(document, "durationMs",
			    nm_json_number(nm_ending_knows_duration(ending), ending->duration_ms));
	json_object_set_new(document, "lastWords",
			    ending->last_words ? nm_json_foreign(ending->last_words->reason)
					       : json_null());
	json_object_set_new(document, "lastGcs", make_gcs(ending));
	json_object_set_new(document, "error", nm_json_text(ending->error));
	json_object_set_new(document, "evidence", make_evidence(ending));
	json_object_set_new(document, "summary", nm_json_foreign(ending->headline));
	json_object_set_new(document, "reason", nm_json_text(ending->reason));
	json_object_set_new(document, "advice", nm_json_text(ending->advice));
	json_object_set_new(document, "heap", nm_json_last_heap(ending->heap));
	for (size_t i = 0; i < ending->process_count; i++)
		json_array_append_new(array, make_run_process(&ending->processes[i]));
	json_object_set_new(document, "processes", array);
}

void nm_json_ending(const struct nm_view_options *how, const struct nm_ending *ending)
{
	json_t *document = nm_json_document("nodemem/end/1");

	add_ending(document, ending);
	nm_json_write(how->out, document);
}

void nm_json_deaths(const struct nm_view_options *how, const struct nm_view_deaths *view)
{
	const struct nm_deaths *deaths = view->deaths;
	json_t *document = nm_json_document("nodemem/why/1"), *array = json_array();

	json_object_set_new(document, "kind", json_string(nm_file_kind_name(deaths->kind)));
	json_object_set_new(document, "found", nm_json_number(true, deaths->total));
	for (size_t i = 0; i < view->count; i++) {
		const struct nm_death *death = deaths->items[deaths->count - 1 - i];
		json_t *one = json_object();

		json_object_set_new(one, "line", nm_json_number(death->line != 0, death->line));
		json_object_set_new(one, "when", nm_json_text(death->when));
		add_ending(one, &death->ending);
		json_array_append_new(array, one);
	}
	json_object_set_new(document, "deaths", array);
	json_object_set_new(document, "note", nm_json_text(deaths->note));
	nm_json_write(how->out, document);
}
