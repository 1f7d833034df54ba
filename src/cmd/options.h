/*
 * options.h - a command's option table, read from the command line and printed as help
 */
#ifndef NM_CMD_OPTIONS_H
#define NM_CMD_OPTIONS_H

#include "cmd/command.h"

enum nm_options_result { NM_OPTIONS_RUN, NM_OPTIONS_HELP, NM_OPTIONS_WRONG };

/* argv[0] is the command's name. What is wrong has been printed when it returns WRONG. The call
   borrows argv. */
enum nm_options_result nm_options_read(const struct nm_command *command, int argc, char **argv,
				       struct nm_call *out);

/* Are colours wanted where `out` goes? */
bool nm_options_color(const struct nm_call *call, FILE *out);

void nm_options_help(FILE *out, const struct nm_command *command);

#endif
