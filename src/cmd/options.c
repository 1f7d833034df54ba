#include "cmd/options.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* Options that every command has. */
enum { OPTION_HELP, OPTION_JSON, OPTION_NO_COLOR, OPTION_BYTES, OPTION_VERBOSE };

static const struct nm_option common[] = {
	[OPTION_HELP] = {'h', "help", NULL, "show this help"},
	[OPTION_JSON] = {0, "json", NULL, "machine-readable output"},
	[OPTION_NO_COLOR] = {0, "no-color", NULL, "no colours (also: NO_COLOR in the environment)"},
	[OPTION_BYTES] = {0, "bytes", NULL, "sizes in bytes instead of MiB"},
	[OPTION_VERBOSE] = {'v', "verbose", NULL,
			    "say on stderr what was read and how long it took"},
	{0, NULL, NULL, NULL},
};

/* getopt_long's values for options without a letter; letters are below. */
#define FIRST_COMMON 1000
#define FIRST_OWN    2000

struct parser {
	struct option longs[2 * NM_OPTIONS_MAX];
	char shorts[4 * NM_OPTIONS_MAX];
	int count;
};

static bool has_option(const struct nm_option *options, const char *name)
{
	for (; options && options->name; options++)
		if (strcmp(options->name, name) == 0)
			return true;
	return false;
}

/* "[FILE]": the value may be left out, and follows a '=' else. */
static int argument_kind(const struct nm_option *option)
{
	if (!option->argument)
		return no_argument;
	return option->argument[0] == '[' ? optional_argument : required_argument;
}

/* `instead`, which may be NULL, holds options that replace those of the same name. */
static void add_options(struct parser *parser, const struct nm_option *options, int first,
			const struct nm_option *instead)
{
	size_t used;

	for (int i = 0; options && options[i].name && i < NM_OPTIONS_MAX - 1; i++) {
		const struct nm_option *option = &options[i];

		if (has_option(instead, option->name))
			continue;
		parser->longs[parser->count++] = (struct option){
			.name = option->name,
			.has_arg = argument_kind(option),
			.val = first + i,
		};
		used = strlen(parser->shorts);
		if (option->letter)
			snprintf(parser->shorts + used, sizeof(parser->shorts) - used, "%c%s",
				 option->letter, option->argument ? ":" : "");
	}
}

/* The index of the option that getopt_long returned, in `options`, or -1. */
static int index_of(const struct nm_option *options, int first, int value)
{
	for (int i = 0; options && options[i].name; i++)
		if (value == first + i || (options[i].letter && value == options[i].letter))
			return i;
	return -1;
}

bool nm_options_color(const struct nm_call *call, FILE *out)
{
	const char *no_color = getenv("NO_COLOR");
	const char *term = getenv("TERM");

	return !call->no_color && isatty(fileno(out)) && !(no_color && no_color[0]) &&
	       !(term && strcmp(term, "dumb") == 0);
}

int nm_call_measure(struct nm_call *call)
{
	struct winsize size;

	if (ioctl(fileno(call->view.out), TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
		return call->view.width = 0;
	call->view.width = size.ws_col;
	return size.ws_row;
}

static void set_common(struct nm_call *call, int option)
{
	switch (option) {
	case OPTION_JSON:
		call->view.format = &nm_view_json;
		break;
	case OPTION_NO_COLOR:
		call->no_color = true;
		call->view.color = false;
		break;
	case OPTION_BYTES:
		call->view.bytes = true;
		break;
	case OPTION_VERBOSE:
		call->verbose = true;
		break;
	}
}

static bool count_words(const struct nm_call *call)
{
	const struct nm_command *command = call->command;

	if (call->word_count < command->min_words)
		nm_call_usage(call, "%s: something is missing: nodemem %s %s", command->name,
			      command->name, command->usage);
	else if (command->max_words >= 0 && call->word_count > command->max_words)
		nm_call_usage(call, "%s: too much: '%s'", command->name,
			      call->words[command->max_words]);
	else
		return true;
	return false;
}

enum nm_options_result nm_options_read(const struct nm_command *command, int argc, char **argv,
				       struct nm_call *out)
{
	struct parser parser = {.count = 0};
	int value, option;

	memset(out, 0, sizeof(*out));
	out->command = command;
	out->view.out = stdout;
	out->view.format = &nm_view_text;
	out->view.color = nm_options_color(out, stdout);
	nm_call_measure(out);
	/* '+': do not look behind the first word; ':': tell a missing value from an unknown
	   option. */
	snprintf(parser.shorts, sizeof(parser.shorts), "%s", command->takes_command ? "+:" : ":");
	add_options(&parser, command->options, FIRST_OWN, NULL);
	add_options(&parser, common, FIRST_COMMON, command->options);
	opterr = 0;
	optind = 1;
	while ((value = getopt_long(argc, argv, parser.shorts, parser.longs, NULL)) != -1) {
		if (value == '?' || value == ':') {
			nm_call_usage(out, value == ':' ? "%s needs a value" : "no option '%s'",
				      argv[optind - 1]);
			return NM_OPTIONS_WRONG;
		}
		option = index_of(command->options, FIRST_OWN, value);
		if (option >= 0) {
			out->values[option] = optarg ? optarg : "";
			continue;
		}
		option = index_of(common, FIRST_COMMON, value);
		if (option == OPTION_HELP)
			return NM_OPTIONS_HELP;
		set_common(out, option);
	}
	out->word_count = argc - optind;
	out->words = argv + optind;
	out->has_dashes = optind > 1 && strcmp(argv[optind - 1], "--") == 0;
	return count_words(out) ? NM_OPTIONS_RUN : NM_OPTIONS_WRONG;
}

static void print_options(FILE *out, const struct nm_option *options,
			  const struct nm_option *instead)
{
	char form[64];

	for (; options && options->name; options++) {
		bool optional = argument_kind(options) == optional_argument;

		if (has_option(instead, options->name))
			continue;
		snprintf(form, sizeof(form), "%c%c%c --%s%s%s", options->letter ? '-' : ' ',
			 options->letter ? options->letter : ' ', options->letter ? ',' : ' ',
			 options->name,
			 !options->argument ? ""
			 : optional	    ? "[="
					    : " ",
			 !options->argument ? "" : options->argument + optional);
		fprintf(out, "  %-28s  %s\n", form, options->help);
	}
}

void nm_options_help(FILE *out, const struct nm_command *command)
{
	fprintf(out, "Usage: nodemem %s %s\n\n%s.\n", command->name, command->usage,
		command->summary);
	if (command->about)
		fprintf(out, "\n%s", command->about);
	fputs("\nOptions:\n", out);
	print_options(out, command->options, NULL);
	print_options(out, common, command->options);
}
