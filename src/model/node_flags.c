#include "model/node_flags.h"

#include <string.h>

#include "base/units.h"

#define NAME_MAX_LENGTH 48

void nm_node_flags_init(struct nm_node_flags *flags)
{
	memset(flags, 0, sizeof(*flags));
	flags->inspector_port = NM_INSPECTOR_PORT;
}

/* "9230", "host:9230", "[::1]:9230" or "host": the port if there is one. */
static void set_port(struct nm_node_flags *flags, const char *value)
{
	const char *colon = strrchr(value, ':');
	const char *digits = colon ? colon + 1 : value;
	uint64_t port;

	if (nm_units_parse_whole(digits, 0, UINT16_MAX, &port))
		flags->inspector_port = (uint16_t)port;
}

/* `name` has dashes for underscores; `value` is NULL without a '='. */
static void set_flag(struct nm_node_flags *flags, const char *name, const char *value)
{
	static const char *const heap[] = {"--max-old-space-size", "--max-heap-size",
					   "--max-old-space-size-percentage"};
	static const char *const port[] = {"--inspect-port", "--debug-port"};
	static const char *const inspect[] = {"--inspect", "--inspect-brk", "--inspect-wait"};

	for (size_t i = 0; i < sizeof(heap) / sizeof(heap[0]); i++)
		if (strcmp(name, heap[i]) == 0 && value)
			flags->sets_heap = true;
	if (strcmp(name, "--max-semi-space-size") == 0 && value)
		flags->sets_semi = true;
	for (size_t i = 0; i < sizeof(port) / sizeof(port[0]); i++)
		if (strcmp(name, port[i]) == 0 && value)
			set_port(flags, value);
	for (size_t i = 0; i < sizeof(inspect) / sizeof(inspect[0]); i++)
		if (strcmp(name, inspect[i]) == 0) {
			flags->inspects = true;
			if (value)
				set_port(flags, value);
		}
}

/* One word "--name=value" of `length` bytes. */
static void add_word(struct nm_node_flags *flags, const char *word, size_t length)
{
	char text[NAME_MAX_LENGTH + 300];
	char *value;

	/* Longer than any that matters, with any host name. */
	if (length >= sizeof(text))
		return;
	memcpy(text, word, length);
	text[length] = '\0';
	value = strchr(text, '=');
	if (value)
		*value++ = '\0';
	for (char *at = text; *at; at++)
		if (*at == '_')
			*at = '-';
	set_flag(flags, text, value);
}

void nm_node_flags_add_options(struct nm_node_flags *flags, const char *options)
{
	/* Quotes can hold blanks, but not in the value of an option that matters. */
	while (*options) {
		size_t length = strcspn(options, " \"");

		add_word(flags, options, length);
		options += length;
		options += *options != '\0';
	}
}

/* Does the next word belong to this option of Node? */
static bool takes_a_word(const char *word)
{
	static const char *const names[] = {"-r",	   "--require",	   "--import",
					    "-e",	   "--eval",	   "-p",
					    "-pe",	   "--print",	   "--loader",
					    "-C",	   "--conditions", "--experimental-loader",
					    "--title",	   "--env-file",   "--icu-data-dir",
					    "--input-type"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(word, names[i]) == 0)
			return true;
	return false;
}

void nm_node_flags_add_command(struct nm_node_flags *flags, const char *words, size_t size)
{
	const char *end = words + size, *word = words;
	bool is_value = true; /* so is the program's name no option */

	for (; word < end; word++) {
		size_t length = strnlen(word, (size_t)(end - word));

		if (word + length == end) /* cut in the middle of a word */
			return;
		if (is_value) {
			is_value = false;
		} else if (word[0] != '-' || strcmp(word, "--") == 0) {
			return; /* the script; what follows is its own */
		} else {
			is_value = takes_a_word(word);
			add_word(flags, word, length);
		}
		word += length;
	}
}
