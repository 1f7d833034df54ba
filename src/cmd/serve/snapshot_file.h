/*
 * snapshot_file.h - a heap snapshot to be sent, in a file that is gone when it is closed
 */
#ifndef NM_CMD_SERVE_SNAPSHOT_FILE_H
#define NM_CMD_SERVE_SNAPSHOT_FILE_H

#include "nodemem.h"

/*
 * Write one under $TMPDIR, or /var/tmp, as a /tmp may be memory. `*out_fd` is open for reading then and the
 * caller's to close; the file has no name any more. Fails as nm_dump_write() does, and NM_E_IO.
 */
int nm_snapshot_file_make(struct nm_target *target, const struct nm_dump_options *options,
			  struct nm_dump *out, int *out_fd, struct nm_error *err);

#endif
