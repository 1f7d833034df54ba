/*
 * file.h - reading a file of /proc or of a recorded copy of it
 *
 * `dir` is an open folder: /proc, /proc/PID, or the same inside a fixture. A folder /proc/PID
 * kept open keeps meaning that one process: after its end, files in it fail with ESRCH even if
 * the number is used again.
 */
#ifndef NM_PROC_FILE_H
#define NM_PROC_FILE_H

#include "base/strbuf.h"

/* Read at most room - 1 bytes of `name` into `text` and end them with '\0'; what is longer is cut.
   Returns the length or -errno. */
ssize_t nm_proc_read(int dir, const char *name, char *text, size_t room);

/* Read the whole file, up to the maximum of `out`. 0 or -errno; -EFBIG past the maximum. */
int nm_proc_read_all(int dir, const char *name, struct nm_strbuf *out);

/* Open the folder of a process under `proc`. Returns the fd or -errno. */
int nm_proc_open_pid(int proc, pid_t pid);

#endif
