/*
 * node_flags.h - what a Node process was told about its memory and its inspector
 *
 * From its command line and from NODE_OPTIONS, as Node reads them: underscores are dashes, options
 * end at the script, and the last one counts.
 */
#ifndef NM_MODEL_NODE_FLAGS_H
#define NM_MODEL_NODE_FLAGS_H

#include "nodemem.h"

#define NM_INSPECTOR_PORT 9229

struct nm_node_flags {
	bool sets_heap; /* --max-old-space-size, --max-heap-size or the percentage */
	bool sets_semi; /* --max-semi-space-size */
	bool inspects;	/* --inspect in one of its forms */
	uint16_t inspector_port;
};

void nm_node_flags_init(struct nm_node_flags *flags);

/* The text of NODE_OPTIONS; read it before the command line. */
void nm_node_flags_add_options(struct nm_node_flags *flags, const char *options);

/* The `size` bytes of a command line, each word ended by a zero byte; the first is the program. */
void nm_node_flags_add_command(struct nm_node_flags *flags, const char *words, size_t size);

#endif
