#include "source/proc/meminfo.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/units.h"
#include "source/proc/file.h"

/* The line "name:   12345 kB", anywhere in the text, in bytes. */
static bool find_line(const char *text, const char *name, uint64_t *out)
{
	size_t length = strlen(name);
	unsigned long long value;
	char *end;

	for (; *text; text += strcspn(text, "\n"), text += *text == '\n') {
		if (strncmp(text, name, length) != 0 || text[length] != ':')
			continue;
		text += length + 1;
		text += strspn(text, " ");
		if (!isdigit((unsigned char)*text))
			return false;
		errno = 0;
		value = strtoull(text, &end, 10);
		if (errno != 0 || value > UINT64_MAX / NM_KIB || strncmp(end, " kB\n", 4) != 0)
			return false;
		*out = value * NM_KIB;
		return true;
	}
	return false;
}

int nm_meminfo_parse(const char *text, struct nm_meminfo *out)
{
	struct nm_meminfo found;

	if (!find_line(text, "SwapTotal", &found.swap_total) ||
	    !find_line(text, "SwapFree", &found.swap_free) || found.swap_free > found.swap_total)
		return NM_E_CORRUPT;
	*out = found;
	return NM_OK;
}

int nm_meminfo_read(int proc, struct nm_meminfo *out)
{
	char text[8192]; /* some 1.5 KiB in Linux 6 */
	ssize_t length = nm_proc_read(proc, "meminfo", text, sizeof(text));

	if (length < 0)
		return (int)length;
	return nm_meminfo_parse(text, out) == NM_OK ? 0 : -EIO;
}
