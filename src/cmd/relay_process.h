/*
 * relay_process.h - the process behind relay.h, and what it and nodemem say to each other
 *
 * Messages are packets of a socket; the first byte tells the kind.
 */
#ifndef NM_CMD_RELAY_PROCESS_H
#define NM_CMD_RELAY_PROCESS_H

#define NM_RELAY_BYTES 'b' /* from the relay: a copy of what the command wrote */
#define NM_RELAY_PRINT 'p' /* to the relay: lines to print */
#define NM_RELAY_SYNC  's' /* to the relay: pass on all that is there, then answer the same, */
#define NM_RELAY_IDLE  'i' /* with this behind it when the command's end is closed for good */

/* Copy from `from` to `to` until nobody can write to `from` any more. Does not return. */
_Noreturn void nm_relay_process(int from, int to, int peer);

#endif
