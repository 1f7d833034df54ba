/*
 * meta.h - what a .heapsnapshot file says of itself: where in a record each number stands
 */
#ifndef NM_SNAPSHOT_META_H
#define NM_SNAPSHOT_META_H

#include "model/heap/graph.h"

#define NM_SNAPSHOT_FIELDS_MAX 16
#define NM_SNAPSHOT_TYPES_MAX  64

/* A field that is not there. */
#define NM_SNAPSHOT_NO_FIELD NM_SNAPSHOT_FIELDS_MAX
/* A type that this program does not know. */
#define NM_SNAPSHOT_NO_TYPE UINT8_MAX

struct nm_snapshot_meta {
	uint32_t node_count, edge_count;
	uint64_t extra_bytes;
	bool has_stable_ids; /* those that V8 gives */
	/* How many numbers a record has, and which of them is what. */
	unsigned node_fields, node_type, node_name, node_id, node_size, node_edges,
		node_detachedness;
	unsigned edge_fields, edge_type, edge_name, edge_to;
	unsigned location_fields, location_node, location_script, location_line, location_column;
	/* By the file's number of a type: enum nm_node_kind, enum nm_edge_kind. */
	uint8_t node_kinds[NM_SNAPSHOT_TYPES_MAX];
	uint8_t edge_kinds[NM_SNAPSHOT_TYPES_MAX];
};

/* Read the object under "snapshot". Returns what is wrong with it, or NULL. */
const char *nm_snapshot_meta_parse(const char *text, size_t length, struct nm_snapshot_meta *out);

#endif
