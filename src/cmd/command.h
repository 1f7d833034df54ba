/*
 * command.h - what a subcommand is, and what main.c hands to it
 *
 * A command is one file, which ends in one `const struct nm_command nm_cmd_<name>`; its name
 * stands in the list in meson.build, from which the dispatch table is made.
 */
#ifndef NM_CMD_COMMAND_H
#define NM_CMD_COMMAND_H

#include <stdio.h>

#include "base/error.h"
#include "view/view.h"

/* One option of a command. A table of them ends with a row whose name is NULL. An option with the
   name of a common one stands in its place. */
struct nm_option {
	char letter;	      /* 0 when there is only the long form */
	const char *name;     /* without the dashes */
	const char *argument; /* what stands for its value in the help; NULL for a switch; in
				 square brackets when the value may be left out */
	const char *help;
};

#define NM_OPTIONS_MAX 24

struct nm_call;

struct nm_command {
	const char *name;
	const char *summary; /* one line, no full stop */
	const char *usage;   /* what follows the name: "[OPTIONS] PID" */
	const char *about;   /* a few lines for --help; ends in a line break, may be NULL */
	const struct nm_option *options; /* besides the common ones; may be NULL */
	bool takes_command;		 /* stop reading options at the first word: `run -- CMD` */
	int min_words;
	int max_words;			  /* words besides options; -1 for any number */
	int (*run)(struct nm_call *call); /* returns the exit code */
};

/* The exit codes of cli.md. */
enum nm_exit {
	NM_EXIT_OK = 0,
	NM_EXIT_FAILED = 1,
	NM_EXIT_USAGE = 2,
	NM_EXIT_NO_TARGET = 3,
	NM_EXIT_NOT_PERMITTED = 4,
	NM_EXIT_FINDING = 5,
};

/* One call of one command: its options and words as read. */
struct nm_call {
	const struct nm_command *command;
	int word_count;
	char **words;
	const char *values[NM_OPTIONS_MAX]; /* beside command->options; "" for a switch */
	bool has_dashes;		    /* the words stand behind "--" */
	bool verbose;
	bool no_color;
	struct nm_view_options view; /* where and how to show */
};

/* The value of the option `name`, "" for a switch which was given, NULL when it was not. */
const char *nm_call_option(const struct nm_call *call, const char *name);

/* Read an option's value as a duration or a number; on nonsense say so and return false. When
   the option was not given, `*out` is left alone. */
bool nm_call_duration(struct nm_call *call, const char *name, uint64_t min_ms, uint64_t *out_ms);
bool nm_call_bytes(struct nm_call *call, const char *name, uint64_t min, uint64_t *out);
bool nm_call_whole(struct nm_call *call, const char *name, uint64_t min, uint64_t max,
		   uint64_t *out);

/* Read --via as the way to a still image; `*out` is NM_VIA_AUTO when it was not given. */
bool nm_call_via(struct nm_call *call, enum nm_via *out);

/* Read the word `index` as a process id or, where it is none, as the path of a file: then `*out_path`
   is not NULL. */
bool nm_call_target(struct nm_call *call, int index, pid_t *out_pid, const char **out_path);

/* Read the word `index` as a process id. */
bool nm_call_pid(struct nm_call *call, int index, pid_t *out);

/* A time since 1970 for people: "2026-11-28 14:03:10", local. */
void nm_call_time(int64_t time_ms, char *out, size_t room);

/* Measure the terminal: sets view.width, and returns how many lines it has; 0 for both when stdout
   is none. */
int nm_call_measure(struct nm_call *call);

/* Print the error, once, as text or JSON, and return the exit code which it means. */
int nm_call_fail(const struct nm_call *call, const struct nm_error *err);

/* The same for wrong usage, with the text made here. */
int nm_call_usage(const struct nm_call *call, const char *format, ...) NM_PRINTF(2, 3);

#endif
