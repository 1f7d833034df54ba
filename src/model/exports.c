#include "model/exports.h"

const struct nm_export nm_exports[NM_EXPORT_COUNT] = {
#define X(id, name, kind, unit, merge, otel, help) \
	[NM_EXPORT_##id] = {name, NM_EXPORT_##kind, NM_UNIT_##unit, NM_MERGE_##merge, otel, help},
	NM_EXPORT_LIST(X)
#undef X
};

const char *nm_label_name(enum nm_label_id id)
{
	static const char *const names[] = {
#define X(id, name, otel) [NM_LABEL_##id] = name,
		NM_LABEL_LIST(X)
#undef X
	};

	return names[id];
}

const char *nm_label_otel(enum nm_label_id id)
{
	static const char *const names[] = {
#define X(id, name, otel) [NM_LABEL_##id] = otel,
		NM_LABEL_LIST(X)
#undef X
	};

	return names[id];
}
