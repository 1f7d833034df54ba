#include "view/json/top.h"

#include "model/roster.h"
#include "view/json/forecast.h"
#include "view/json/write.h"

static json_t *make_forecast(const struct nm_forecast *forecast)
{
	json_t *object;

	if (!forecast)
		return json_null();
	object = json_object();
	nm_json_add_forecast(object, forecast);
	return object;
}

static json_t *make_process(const struct nm_roster_row *row)
{
	json_t *object = json_object();
	unsigned percent = 0;
	const bool has_fullness = nm_roster_fullness(row, &percent);

	json_object_set_new(object, "pid", json_integer(row->info->pid));
	json_object_set_new(object, "parent",
			    row->parent ? json_integer(row->parent) : json_null());
	json_object_set_new(object, "name", nm_json_foreign(row->name));
	json_object_set_new(object, "node", nm_json_text(row->info->node));
	json_object_set_new(object, "command", nm_json_foreign(row->info->command));
	json_object_set_new(
		object, "uptimeMs",
		nm_json_number((row->sample->has & NM_HAS_UPTIME) != 0, row->sample->uptime_ms));
	nm_json_metrics(object, row->sample, nm_sample_main(row->sample), true);
	json_object_set_new(object, "fullPercent", nm_json_number(has_fullness, percent));
	json_object_set_new(object, "forecast", make_forecast(row->forecast));
	if (row->problem)
		json_object_set_new(object, "problem", nm_json_foreign(row->problem));
	return object;
}

void nm_json_top(const struct nm_view_options *how, const struct nm_view_top *top)
{
	json_t *document = nm_json_document("nodemem/top/1"), *array = json_array();

	json_object_set_new(document, "timeMs", json_integer(top->time_ms));
	for (size_t i = 0; i < top->count; i++)
		json_array_append_new(array, make_process(&top->rows[top->lines[i].row]));
	json_object_set_new(document, "processes", array);
	json_object_set_new(document, "hidden", json_integer((json_int_t)top->hidden));
	nm_json_write(how->out, document);
}
