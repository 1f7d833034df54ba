#include "source/crashlog/prefix.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PID_MAX (1 << 22)
/* No logger nests more. */
#define NESTED_MAX 4

/* Does the text have the shape of the pattern? '0' stands for a digit, ' ' for a blank or a digit, 'a'
   for a letter, all else for itself. */
static bool has_shape(const char *text, const char *pattern)
{
	for (; *pattern; pattern++, text++) {
		unsigned char c = (unsigned char)*text;

		if (*pattern == '0'   ? !isdigit(c)
		    : *pattern == 'a' ? !isalpha(c)
		    : *pattern == ' ' ? c != ' ' && !isdigit(c)
				      : c != (unsigned char)*pattern)
			return false;
	}
	return true;
}

static void keep(char *out, size_t room, const char *from, const char *end)
{
	size_t length = (size_t)(end - from);

	if (length >= room)
		length = room - 1;
	for (size_t i = 0; i < length; i++)
		out[i] = isprint((unsigned char)from[i]) ? from[i] : '?';
	out[length] = '\0';
}

static bool is_word(char c)
{
	return isalnum((unsigned char)c) || (c && strchr("_.-/@:+", c) != NULL);
}

/* "2026-11-28T13:41:48.123456789Z ", "2026-11-28 13:41:48,123 +0100 ". NULL: it is none. */
static const char *skip_iso(const char *at)
{
	if (!has_shape(at, "0000-00-00T00:00:00") && !has_shape(at, "0000-00-00 00:00:00"))
		return NULL;
	at += 19;
	if ((*at == '.' || *at == ',') && isdigit((unsigned char)at[1]))
		at += 1 + strspn(at + 1, "0123456789");
	if (at[0] == ' ' && (at[1] == '+' || at[1] == '-') && isdigit((unsigned char)at[2]))
		at++;
	if (*at == 'Z')
		at++;
	else if (*at == '+' || *at == '-')
		at += 1 + strspn(at + 1, "0123456789:");
	return at;
}

/* What looks like a tag in the kernel's lines is part of them: "node[3400]: segfault at ...". */
static void set_kernel(struct nm_prefix *out)
{
	static const char name[] = "kernel";

	memcpy(out->source, name, sizeof(name));
	memcpy(out->name, name, sizeof(name));
}

static const char since_start[] = " s after the machine started";

/* A time in one of the ways that loggers write it, with or without brackets. */
static const char *skip_time(const char *at, struct nm_prefix *out)
{
	const char *begin = at, *end;
	bool is_in_brackets = *at == '[', is_since_start = false, is_kernel = false;

	if (is_in_brackets)
		begin = ++at;
	end = skip_iso(at);
	if (!end && has_shape(at, "aaa  0 00:00:00"))
		end = at + 15; /* syslog */
	if (!end && is_in_brackets && has_shape(at, "aaa aaa  0 00:00:00 0000")) {
		end = at + 24; /* dmesg -T */
		is_kernel = true;
	}
	if (!end && is_in_brackets && has_shape(at, "00:00:00"))
		end = at + 8;
	if (!end && is_in_brackets) {
		/* The kernel: seconds since it started. */
		at += strspn(at, " ");
		begin = at;
		at += strspn(at, "0123456789");
		if (at > begin && *at == '.' && isdigit((unsigned char)at[1]))
			end = at + 1 + strspn(at + 1, "0123456789");
		is_since_start = is_kernel = end != NULL;
	}
	/* pm2 puts a colon behind it. */
	if (!end || (is_in_brackets ? *end != ']' : end[*end == ':'] != ' '))
		return NULL;
	keep(out->when, sizeof(out->when) - (is_since_start ? strlen(since_start) : 0), begin, end);
	if (is_since_start)
		memcpy(out->when + strlen(out->when), since_start, sizeof(since_start));
	if (is_kernel)
		set_kernel(out);
	end += is_in_brackets || *end == ':';
	return *end == ' ' ? end + 1 : end;
}

/* "node[123]: ", "app[web.1]: ", and with a host before it; "host kernel: ". */
static const char *skip_tag(const char *at, struct nm_prefix *out)
{
	const char *begin = at, *bracket, *end;
	long pid;

	while (is_word(*at))
		at++;
	if (*at == ' ') {
		begin = ++at;
		if (strncmp(at, "kernel: ", 8) == 0) {
			set_kernel(out);
			return at + 8;
		}
		while (is_word(*at))
			at++;
	}
	if (*at != '[' || at == begin)
		return NULL;
	bracket = at;
	end = strstr(bracket, "]: ");
	if (!end || end - bracket > 32)
		return NULL;
	keep(out->source, sizeof(out->source), begin, end + 1);
	keep(out->name, sizeof(out->name), begin, bracket);
	/* Heroku: "app[web.1]" and "heroku[web.1]" are both of web.1. */
	if (isalpha((unsigned char)bracket[1]))
		keep(out->name, sizeof(out->name), bracket + 1, end);
	pid = strtol(bracket + 1, NULL, 10);
	if (bracket[1 + strspn(bracket + 1, "0123456789")] == ']' && pid > 0 && pid < PID_MAX)
		out->pid = (pid_t)pid;
	return end + 3;
}

/* "web-1  | " of docker compose, "0|app  | " of pm2. */
static const char *skip_column(const char *at, struct nm_prefix *out)
{
	const char *begin = at, *end;

	at += strspn(at, "0123456789");
	if (*at == '|' && at > begin)
		begin = ++at;
	else
		at = begin;
	while (is_word(*at))
		at++;
	end = at;
	at += strspn(at, " ");
	if (end == begin || at[0] != '|' || (at[1] != ' ' && at[1] != '\0'))
		return NULL;
	keep(out->source, sizeof(out->source), begin, end);
	keep(out->name, sizeof(out->name), begin, end);
	return at + 1 + (at[1] == ' ');
}

/* "stderr F " of a container runtime, "[pod/web-1/app] " of kubectl logs --prefix, "<3>" of syslog. */
static const char *skip_other(const char *at, struct nm_prefix *out)
{
	const char *end;

	if (strncmp(at, "stderr F ", 9) == 0 || strncmp(at, "stdout F ", 9) == 0 ||
	    strncmp(at, "stderr P ", 9) == 0 || strncmp(at, "stdout P ", 9) == 0)
		return at + 9;
	if (at[0] == '<' && isdigit((unsigned char)at[1])) {
		end = at + 1 + strspn(at + 1, "0123456789");
		return *end == '>' && end - at <= 4 ? end + 1 : NULL;
	}
	if (strncmp(at, "[pod/", 5) == 0 && (end = strstr(at, "] ")) && end - at < 200) {
		keep(out->source, sizeof(out->source), at + 5, end);
		keep(out->name, sizeof(out->name), at + 5, end);
		return end + 2;
	}
	return NULL;
}

/* The text of a JSON string up to its quote; what is no plain ASCII becomes '?'. Returns its end. */
static const char *unescape(const char *at, char *out, size_t room)
{
	size_t length = 0;

	for (; *at && *at != '"' && length + 1 < room; at++) {
		char c = *at;

		if (c == '\\' && at[1]) {
			c = *++at;
			if (c == 'n')
				break; /* the line ends */
			if (c == 't')
				c = '\t';
			if (c == 'u') {
				/* "\u003c" is '<', as Docker writes it. */
				char digits[5] = "";
				long code;

				snprintf(digits, sizeof(digits), "%.4s", at + 1);
				code = strtol(digits, NULL, 16);
				at += strlen(digits);
				c = code >= 0x20 && code < 0x7f ? (char)code : '?';
				if (code == 0x1b)
					c = '\033';
			}
		}
		out[length++] = c;
	}
	out[length] = '\0';
	return at;
}

/* Escape sequences that were written as "\u001b[31m". */
static void drop_colors(char *text)
{
	char *to = text;

	for (const char *from = text; *from; from++) {
		if (from[0] == '\033' && from[1] == '[') {
			from += 2;
			while (*from && !(*from >= 0x40 && *from <= 0x7e))
				from++;
			if (!*from)
				break;
			continue;
		}
		*to++ = *from;
	}
	*to = '\0';
}

/* {"log":"text\n","stream":"stderr","time":"..."}: a line of a file of Docker's. */
static const char *unwrap(const char *line, struct nm_prefix *out)
{
	static const char start[] = "{\"log\":\"", time[] = "\"time\":\"";
	const char *end, *when;

	if (strncmp(line, start, strlen(start)) != 0)
		return line;
	end = unescape(line + strlen(start), out->unwrapped, sizeof(out->unwrapped));
	drop_colors(out->unwrapped);
	when = strstr(end, time);
	if (when) {
		when += strlen(time);
		keep(out->when, sizeof(out->when), when, when + strcspn(when, "\""));
	}
	return out->unwrapped;
}

void nm_prefix_strip(const char *line, struct nm_prefix *out)
{
	const char *at, *next;
	bool had_time = false;

	out->source[0] = out->name[0] = out->when[0] = '\0';
	out->pid = 0;
	at = unwrap(line, out);
	for (int i = 0; i < NESTED_MAX; i++) {
		next = skip_time(at, out);
		if (next)
			had_time = true;
		if (!next && had_time && !out->source[0])
			next = skip_tag(at, out);
		if (!next && !out->source[0])
			next = skip_column(at, out);
		if (!next)
			next = skip_other(at, out);
		if (!next)
			break;
		at = next;
	}
	out->text = at;
}
