#include "source/proc/rlimits.h"

#include <string.h>

#include "base/units.h"
#include "source/proc/file.h"
#include "source/proc/stat.h"

/* What follows `name` in the line which begins with it, without blanks in front; NULL when there
   is no such line. */
static const char *find_line(const char *text, const char *name)
{
	size_t length = strlen(name);

	for (; *text; text += strcspn(text, "\n"), text += *text == '\n')
		if (strncmp(text, name, length) == 0)
			return text + length + strspn(text + length, " \t");
	return NULL;
}

/* A whole number which ends at a blank. */
static bool parse_number(const char *text, uint64_t *out)
{
	size_t length = strcspn(text, " \t\n");
	char digits[32];

	if (length >= sizeof(digits))
		return false;
	memcpy(digits, text, length);
	digits[length] = '\0';
	return nm_units_parse_whole(digits, 0, UINT64_MAX, out);
}

static bool parse_limit(const char *text, const char *name, unsigned bit, unsigned *has,
			uint64_t *out)
{
	const char *value = find_line(text, name);

	if (value && parse_number(value, out))
		*has |= bit;
	return value != NULL;
}

int nm_rlimits_parse(const char *text, struct nm_rlimits *out)
{
	bool has_space = parse_limit(text, "Max address space ", NM_RLIMITS_HAS_ADDRESS_SPACE,
				     &out->has, &out->address_space);
	bool has_data =
		parse_limit(text, "Max data size ", NM_RLIMITS_HAS_DATA, &out->has, &out->data);

	out->is_known = has_space && has_data;
	return out->is_known ? NM_OK : NM_E_CORRUPT;
}

int nm_rlimits_parse_status(const char *text, struct nm_rlimits *out)
{
	const struct {
		const char *name;
		unsigned bit;
		uint64_t *value;
	} lines[] = {
		{"VmSize:", NM_RLIMITS_HAS_VM_SIZE, &out->vm_size},
		{"VmData:", NM_RLIMITS_HAS_VM_DATA, &out->vm_data},
		{"VmSwap:", NM_RLIMITS_HAS_VM_SWAP, &out->vm_swap},
	};
	bool any = false;

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		if (!nm_proc_status_find(text, lines[i].name, lines[i].value))
			continue;
		out->has |= lines[i].bit;
		any = true;
	}
	return any ? NM_OK : NM_E_CORRUPT;
}

void nm_rlimits_read(int pid_dir, struct nm_rlimits *out)
{
	char text[8192]; /* either has some 1.5 KiB in Linux 6 */

	memset(out, 0, sizeof(*out));
	if (nm_proc_read(pid_dir, "limits", text, sizeof(text)) > 0)
		nm_rlimits_parse(text, out);
	if (nm_proc_read(pid_dir, "status", text, sizeof(text)) > 0)
		nm_rlimits_parse_status(text, out);
}
