#include "cmd/serve/snapshot_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"

#define FOLDER_MAX 200

static int make_folder(char *out, size_t room, struct nm_error *err)
{
	const char *parent = getenv("TMPDIR");

	if (!parent || !parent[0] || strlen(parent) > FOLDER_MAX / 2)
		parent = "/var/tmp";
	snprintf(out, room, "%s/nodemem-XXXXXX", parent);
	if (!mkdtemp(out))
		return nm_error_set_errno(
			err, NM_E_IO, errno,
			"cannot write the snapshot below '%s' (TMPDIR chooses another folder)",
			parent);
	return NM_OK;
}

int nm_snapshot_file_make(struct nm_target *target, const struct nm_dump_options *options,
			  struct nm_dump *out, int *out_fd, struct nm_error *err)
{
	char folder[FOLDER_MAX], path[FOLDER_MAX + 32];
	int status = make_folder(folder, sizeof(folder), err);

	if (status != NM_OK)
		return status;
	snprintf(path, sizeof(path), "%s/a.heapsnapshot", folder);
	status = nm_dump_write(target, path, options, out, err);
	if (status == NM_OK) {
		*out_fd = open(path, O_RDONLY | O_CLOEXEC);
		if (*out_fd < 0)
			status = nm_error_set_errno(err, NM_E_IO, errno, "cannot read '%s'", path);
		unlink(path);
	}
	rmdir(folder);
	return status;
}
