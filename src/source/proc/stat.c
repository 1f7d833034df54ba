#include "source/proc/stat.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/units.h"
#include "source/proc/file.h"

#define PF_KTHREAD 0x00200000 /* include/linux/sched.h */

int nm_proc_stat_parse(const char *text, struct nm_proc_stat *out)
{
	struct nm_proc_stat stat = {.state = 0};
	const char *open = strchr(text, '(');
	const char *close = strrchr(text, ')');
	size_t length;
	int parent;

	if (!open || !close || close < open)
		return NM_E_CORRUPT;
	length = (size_t)(close - open - 1);
	if (length >= sizeof(stat.comm))
		length = sizeof(stat.comm) - 1;
	memcpy(stat.comm, open + 1, length);
	/* Fields 3, 4, 9, 20 and 22. */
	if (sscanf(close + 1,
		   " %c %d %*d %*d %*d %*d %" SCNu64
		   " %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %" SCNu64 " %*d %" SCNu64,
		   &stat.state, &parent, &stat.flags, &stat.threads, &stat.start_ticks) != 5)
		return NM_E_CORRUPT;
	stat.parent = parent;
	*out = stat;
	return NM_OK;
}

int nm_proc_stat_read(int pid_dir, struct nm_proc_stat *out)
{
	char text[1024];
	ssize_t length = nm_proc_read(pid_dir, "stat", text, sizeof(text));

	if (length < 0)
		return (int)length;
	return nm_proc_stat_parse(text, out) == NM_OK ? 0 : -EIO;
}

bool nm_proc_stat_is_kernel_thread(const struct nm_proc_stat *stat)
{
	return (stat->flags & PF_KTHREAD) != 0;
}

bool nm_proc_stat_is_still_image(const struct nm_proc_stat *stat)
{
	return stat->state == 't' && stat->threads == 1;
}

int nm_proc_statm_parse(const char *text, uint64_t page_size, uint64_t *out_rss)
{
	const char *second = strchr(text, ' ');
	uint64_t pages;
	char *end;

	/* Part of every sample, so without the price of sscanf. */
	if (!second || second[1] < '0' || second[1] > '9')
		return NM_E_CORRUPT;
	errno = 0;
	pages = strtoull(second + 1, &end, 10);
	if (errno != 0 || *end != ' ' || pages > UINT64_MAX / page_size)
		return NM_E_CORRUPT;
	*out_rss = pages * page_size;
	return NM_OK;
}

/* `text` was cut: without the first bytes of a UTF-8 character whose others are gone. */
static ssize_t whole_characters(const char *text, ssize_t length)
{
	ssize_t at = length, wanted;
	unsigned char first;

	while (at > 0 && length - at < 3 && ((unsigned char)text[at - 1] & 0xc0) == 0x80)
		at--;
	if (at == 0)
		return length;
	first = (unsigned char)text[at - 1];
	wanted = first < 0xc0 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
	return length - at + 1 < wanted ? at - 1 : length;
}

bool nm_proc_status_find(const char *text, const char *key, uint64_t *out)
{
	const size_t length = strlen(key);
	const char *line = text;
	unsigned long long value;
	char *end;

	while (line && strncmp(line, key, length) != 0) {
		line = strchr(line, '\n');
		if (line)
			line++;
	}
	if (!line)
		return false;
	line += length + strspn(line + length, " \t");
	if (*line < '0' || *line > '9')
		return false;
	errno = 0;
	value = strtoull(line, &end, 10);
	if (errno != 0 || (strncmp(end, " kB", 3) == 0 && value > UINT64_MAX / NM_KIB))
		return false;
	*out = strncmp(end, " kB", 3) == 0 ? value * NM_KIB : value;
	return true;
}

void nm_proc_command_read(int pid_dir, char *out, size_t room)
{
	ssize_t length = nm_proc_read(pid_dir, "cmdline", out, room);

	if (length < 0)
		length = 0;
	if ((size_t)length == room - 1)
		length = whole_characters(out, length);
	/* Words end in zero bytes; a process that writes its own title leaves many at the end. */
	while (length > 0 && out[length - 1] == '\0')
		length--;
	out[length] = '\0';
	for (ssize_t i = 0; i < length; i++)
		if (out[i] == '\0')
			out[i] = ' ';
}
