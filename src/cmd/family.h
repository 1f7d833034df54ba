/*
 * family.h - Node processes being watched: those among a command and what it started, or all there are
 *
 * Looks for new ones, opens those that are Node as soon as they can be read, takes samples, and
 * notices their ends. A process that is not Node is looked at again only when it runs another
 * program.
 */
#ifndef NM_CMD_FAMILY_H
#define NM_CMD_FAMILY_H

#include <uv.h>

#include "cmd/flight.h"

#define NM_FAMILY_MAX 1024

struct nm_family;

struct nm_member {
	struct nm_family *family;
	pid_t pid;
	char label[32];		  /* the script's name, or the program's; plain */
	struct nm_target *target; /* NULL while it is not read */
	struct nm_sample sample;  /* the last one */
	size_t record;		  /* the owner's number for it, 0 before its first sample */
	uint64_t row_ms;	  /* when its last row was shown, and what it showed */
	uint64_t row_rss, row_used;
	uint64_t shown_slot; /* the last interval of which a sample was shown, from 1 on */
	struct nm_flight_state near_limit;
	struct nm_error
		problem; /* why it is not read; code NM_OK when it is, or is no Node, or is still tried */

	/* The rest is the family's own. */
	int pidfd;	  /* -1 where the kernel has none */
	bool is_settled;  /* no Node, as long as it runs this program: */
	uint64_t program; /* a number for what it runs */
	unsigned tries;
	uint64_t try_at_ms;
	uv_poll_t poll; /* of pidfd */
	bool has_poll;
};

/* What the owner wants to be told. */
struct nm_family_events {
	void (*sampled)(void *context, struct nm_member *member);
	void (*ended)(void *context, struct nm_member *member);
	/* A Node process that will not be read: not permitted, or a version in no table. */
	void (*unreadable)(void *context, const struct nm_error *err);
};

struct nm_family {
	uv_loop_t *loop;
	int proc;
	struct nm_family_events events;
	void *context;
	struct nm_member *members[NM_FAMILY_MAX];
	size_t count;
	uint64_t look_at_ms; /* the next time to look for new ones */
	size_t hidden; /* processes that could not be looked at when all were added, nor call themselves node */
};

/* `root` is the first to watch; 0 for none. NM_E_IO when there is no /proc. */
int nm_family_init(struct nm_family *family, uv_loop_t *loop, pid_t root,
		   const struct nm_family_events *events, void *context, struct nm_error *err);

/* Look for new processes; not more often than is cheap. */
void nm_family_look(struct nm_family *family);

/* One more to watch, with what it starts. */
void nm_family_add(struct nm_family *family, pid_t root);

/* Add every Node process of the machine that the caller may look at, and those that may not be looked at but were
   started as "node". It takes a look at each process there is: for once a second or two. NM_E_IO, NM_E_NOMEM. */
int nm_family_add_all(struct nm_family *family, struct nm_error *err);

/* A sample of each that can be read, or of those only for which `wanted`, if it is not NULL, is true. */
void nm_family_sample(struct nm_family *family, bool (*wanted)(const struct nm_member *member));

/* Try those that could not be read yet and take their first sample. Returns after how many ms to
   try again, 0 when there is nothing to try. */
uint64_t nm_family_try(struct nm_family *family);

/* What to call a process with this command line: the script of `node [OPTIONS] SCRIPT`, else the program, which may
   be a title it gave itself. Plain. */
void nm_family_label(const char *command, char *out, size_t room);

/* The loop must run once more after it, to let go of what it watched. */
void nm_family_done(struct nm_family *family);

#endif
