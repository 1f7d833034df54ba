/*
 * main.c - finding the command and running it
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/command.h"
#include "cmd/options.h"
#include "version.h"

#define NM_COMMAND(name) extern const struct nm_command nm_cmd_##name;
#include "command_list.h"
#undef NM_COMMAND

static const struct nm_command *const commands[] = {
#define NM_COMMAND(name) &nm_cmd_##name,
#include "command_list.h"
#undef NM_COMMAND
};

#define COMMAND_COUNT (sizeof(commands) / sizeof(commands[0]))

static void print_overview(FILE *out)
{
	fputs("Usage: nodemem [--version | --help] COMMAND [OPTIONS] [TARGET]\n\n"
	      "The memory of any Node.js process, read from outside it.\n\n"
	      "Commands:\n",
	      out);
	for (size_t i = 0; i < COMMAND_COUNT; i++)
		fprintf(out, "  %-10s  %s\n", commands[i]->name, commands[i]->summary);
	fputs("\n'nodemem COMMAND --help' tells more; 'man nodemem' tells all.\n", out);
}

static const struct nm_command *find_command(const char *name)
{
	for (size_t i = 0; i < COMMAND_COUNT; i++)
		if (strcmp(commands[i]->name, name) == 0)
			return commands[i];
	return NULL;
}

static int run_command(const struct nm_command *command, int argc, char **argv)
{
	struct nm_call call;
	int code;

	switch (nm_options_read(command, argc, argv, &call)) {
	case NM_OPTIONS_HELP:
		nm_options_help(stdout, command);
		code = NM_EXIT_OK;
		break;
	case NM_OPTIONS_WRONG:
		code = NM_EXIT_USAGE;
		break;
	default:
		code = command->run(&call);
	}
	if (fflush(stdout) != 0 || ferror(stdout)) {
		fprintf(stderr, "nodemem: cannot write the output: %m\n");
		return code == NM_EXIT_OK ? NM_EXIT_FAILED : code;
	}
	return code;
}

int main(int argc, char **argv)
{
	const struct nm_command *command;
	const char *word = argc > 1 ? argv[1] : NULL;

	if (!word) {
		print_overview(stderr);
		return NM_EXIT_USAGE;
	}
	if (strcmp(word, "--version") == 0 || strcmp(word, "-V") == 0) {
		puts("nodemem " NM_VERSION);
		return NM_EXIT_OK;
	}
	if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 ||
	    (strcmp(word, "help") == 0 && argc == 2)) {
		print_overview(stdout);
		return NM_EXIT_OK;
	}
	if (strcmp(word, "help") == 0)
		word = argv[2];
	command = find_command(word);
	if (!command) {
		fprintf(stderr, "nodemem: no command '%s' ('nodemem --help' lists them)\n", word);
		return NM_EXIT_USAGE;
	}
	if (word != argv[1]) {
		nm_options_help(stdout, command);
		return NM_EXIT_OK;
	}
	return run_command(command, argc - 1, argv + 1);
}
