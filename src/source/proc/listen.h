/*
 * listen.h - does a process listen on a TCP port, and can others reach it?
 *
 * /proc/PID/net/tcp and tcp6 tell the sockets of its network namespace, /proc/PID/fd which of them
 * are its own.
 */
#ifndef NM_PROC_LISTEN_H
#define NM_PROC_LISTEN_H

#include "base/error.h"

struct nm_listen {
	bool is_listening;
	bool is_loopback; /* only programs of the same machine, or container, reach it */
	char address[64]; /* "0.0.0.0:9229" */
	uint64_t inode;	  /* of the socket */
};

/*
 * The next socket in `*text`, of /proc/net/tcp or tcp6, that listens on `port`; *text then stands
 * behind it. False when there is no more.
 */
bool nm_listen_parse(const char **text, uint16_t port, struct nm_listen *out);

/* False when that cannot be told; the process listens on `port` if out->is_listening. Of several
   sockets the one that is reached from further away. */
bool nm_listen_read(int pid_dir, uint16_t port, struct nm_listen *out);

#endif
