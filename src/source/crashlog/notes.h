/*
 * notes.h - what those who started a process wrote of its end: shells, npm, systemd, Docker,
 * Kubernetes, pm2; and the kernel of a crash
 */
#ifndef NM_CRASHLOG_NOTES_H
#define NM_CRASHLOG_NOTES_H

#include <stdbool.h>
#include <sys/types.h>

enum nm_note_oom {
	NM_NOTE_NO_OOM,
	NM_NOTE_CONTAINER_OOM, /* "OOMKilled" */
	NM_NOTE_UNIT_OOM,      /* systemd: of its unit or of the machine */
};

struct nm_note {
	int exit_code; /* as a shell shows it; -1: not told */
	int signal;    /* 0: none, or not told */
	enum nm_note_oom oom;
	pid_t pid;     /* 0: not told */
	char name[32]; /* "" when it is not told */
};

/* Of a description in several lines, what was told so far. */
struct nm_notes {
	bool has_reason, is_oom;
	bool has_code;
	int code;
	unsigned age; /* lines since its first */
};

void nm_notes_init(struct nm_notes *notes);

/* Does the line tell of an end that was no good one? */
bool nm_notes_line(struct nm_notes *notes, const char *line, struct nm_note *out);

#endif
