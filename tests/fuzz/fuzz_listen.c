/*
 * fuzz_listen.c - /proc/net/tcp and tcp6
 */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "source/proc/listen.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	const char *rest = text;
	struct nm_listen listen;

	memcpy(text, data, size);
	text[size] = '\0';
	while (nm_listen_parse(&rest, 9229, &listen)) {
		MUST(listen.inode != 0 && strstr(listen.address, ":9229"));
		MUST(rest <= text + size);
	}
	MUST(*rest == '\0');
	free(text);
	return 0;
}
