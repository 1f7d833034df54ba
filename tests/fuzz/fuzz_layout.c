/*
 * fuzz_layout.c - a layout that nodemem calibrate has kept
 */
#include "fuzz.h"
#include "source/v8/layout_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct nm_v8_layout layout;

	if (!nm_v8_layout_parse((const char *)data, size, &layout))
		return 0;
	MUST(layout.space_count > 0 && layout.space_count <= NM_V8_SPACE_COUNT);
	MUST(layout.area_count <= NM_V8_AREAS_MAX);
	MUST(layout.page_form < NM_V8_PAGE_FORM_COUNT);
	MUST(layout.isolate_heap >= NM_V8_NONE && layout.external.at >= NM_V8_NONE);
	return 0;
}
