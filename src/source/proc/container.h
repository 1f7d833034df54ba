/*
 * container.h - in which container a process runs, as its control groups are named
 *
 * Docker, containerd, CRI-O and podman name a container's group by its id, and Kubernetes the one above it by the
 * uid of the pod. Only what such a name tells without doubt is taken.
 */
#ifndef NM_PROC_CONTAINER_H
#define NM_PROC_CONTAINER_H

#include "model/fleet.h"

/* From the text of /proc/PID/cgroup. Of several containers in each other the innermost. */
void nm_container_parse(const char *text, struct nm_container *out);

/* `proc` is /proc. All unknown when the file cannot be read. */
void nm_container_read(int proc, pid_t pid, struct nm_container *out);

#endif
