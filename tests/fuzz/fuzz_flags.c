/*
 * fuzz_flags.c - the command line of a Node process, and NODE_OPTIONS
 */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "model/node_flags.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	struct nm_node_flags flags;

	memcpy(text, data, size);
	text[size] = '\0';
	nm_node_flags_init(&flags);
	nm_node_flags_add_options(&flags, text);
	nm_node_flags_add_command(&flags, text, size);
	free(text);
	return 0;
}
