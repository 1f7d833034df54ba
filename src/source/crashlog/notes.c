#include "source/crashlog/notes.h"

#include <ctype.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PID_MAX 4194304
/* The lines of `docker inspect` and `kubectl describe` that belong together are no further apart. */
#define TOGETHER 12

void nm_notes_init(struct nm_notes *notes)
{
	memset(notes, 0, sizeof(*notes));
}

static bool starts_with(const char *text, const char *start)
{
	return strncmp(text, start, strlen(start)) == 0;
}

/* A whole number up to `most` at `at`, which nothing but its end or a mark follows; -1: none. */
static int read_small(const char *at, int most)
{
	char *end;
	long value;

	if (!isdigit((unsigned char)*at))
		return -1;
	value = strtol(at, &end, 10);
	if (value > most || (*end && !strchr(" \t,.;:)]\"'/", *end)))
		return -1;
	return (int)value;
}

static int signal_of_name(const char *name)
{
	static const struct {
		const char *name;
		int number;
	} names[] = {
		{"KILL", SIGKILL}, {"TERM", SIGTERM}, {"ABRT", SIGABRT}, {"SEGV", SIGSEGV},
		{"TRAP", SIGTRAP}, {"ILL", SIGILL},   {"BUS", SIGBUS},	 {"FPE", SIGFPE},
		{"INT", SIGINT},   {"HUP", SIGHUP},   {"QUIT", SIGQUIT}, {"SYS", SIGSYS},
		{"PIPE", SIGPIPE}, {"XCPU", SIGXCPU}, {"USR1", SIGUSR1}, {"USR2", SIGUSR2},
	};

	if (starts_with(name, "SIG"))
		name += 3;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (starts_with(name, names[i].name) &&
		    !isalnum((unsigned char)name[strlen(names[i].name)]))
			return names[i].number;
	return 0;
}

static bool set_signal(struct nm_note *out, int signal)
{
	if (signal <= 0)
		return false;
	out->signal = signal;
	out->exit_code = 128 + signal;
	return true;
}

/* A code as a shell or a container shows it: more than 128 is a signal. False for a good end. */
static bool set_code(struct nm_note *out, int code)
{
	if (code <= 0)
		return false;
	out->exit_code = code;
	if (code > 128 && code <= 128 + 64)
		out->signal = code - 128;
	return true;
}

/* The first word, up to `end`. */
static void take_name(const char *line, const char *end, struct nm_note *out)
{
	size_t length = (size_t)(end - line);

	if (length == 0 || length >= sizeof(out->name))
		return;
	for (size_t i = 0; i < length; i++)
		out->name[i] = isprint((unsigned char)line[i]) ? line[i] : '?';
}

/* systemd: "x.service: Main process exited, code=killed, status=9/KILL". */
static bool read_systemd(const char *line, struct nm_note *out)
{
	const char *found = strstr(line, "Main process exited, code="), *status;

	if (found && found - line > 2 && strcspn(line, " ") == (size_t)(found - line) - 1)
		take_name(line, found - 2, out);
	if (strstr(line, "Failed with result 'oom-kill'") ||
	    strstr(line, "has been killed by the OOM killer")) {
		take_name(line, line + strcspn(line, ": "), out);
		out->oom = NM_NOTE_UNIT_OOM;
		return set_signal(out, SIGKILL);
	}
	status = found ? strstr(found, "status=") : NULL;
	if (!status)
		return false;
	found += strlen("Main process exited, code=");
	status += strlen("status=");
	if (starts_with(found, "exited"))
		return set_code(out, read_small(status, 255));
	if (!starts_with(found, "killed") && !starts_with(found, "dumped"))
		return false;
	return set_signal(out, read_small(status, 64));
}

/* A shell's words for a signal, alone on the line or as bash writes them of a script: "x.sh: line 6:
   11448 Killed   node app.js". */
static bool read_shell(const char *line, struct nm_note *out)
{
	static const struct {
		const char *words;
		int number;
	} forms[] = {
		{"Killed", SIGKILL},
		{"Terminated", SIGTERM},
		{"Aborted", SIGABRT},
		{"Segmentation fault", SIGSEGV},
		{"Trace/breakpoint trap", SIGTRAP},
		{"Illegal instruction", SIGILL},
		{"Bus error", SIGBUS},
	};
	const char *at = line, *colon = strstr(line, ": line ");
	bool is_of_script = false;

	if (colon) {
		at = colon + strlen(": line ");
		at += strspn(at, "0123456789");
		if (*at == ':') {
			long pid = strtol(at + 1, (char **)&at, 10);

			is_of_script = pid > 0 && pid <= PID_MAX;
			out->pid = is_of_script ? (pid_t)pid : 0;
			at += strspn(at, " ");
		}
	}
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		const char *rest;

		if (!starts_with(at, forms[i].words))
			continue;
		rest = at + strlen(forms[i].words);
		if (starts_with(rest, " (core dumped)"))
			rest += strlen(" (core dumped)");
		if (*rest && !(is_of_script && *rest == ' '))
			return false;
		return set_signal(out, forms[i].number);
	}
	return false;
}

/* npm: "npm ERR! signal SIGKILL", "npm error code 137"; pm2: "exited with code [0] via signal
   [SIGKILL]"; docker compose: "web-1 exited with code 137"; Heroku: "Process exited with status 137". */
static bool read_runner(const char *line, struct nm_note *out)
{
	static const char *const codes[] = {"exited with code ", "exited with status ",
					    "Command failed with exit code ",
					    "exited with non-zero status "};
	const char *found;

	if (starts_with(line, "npm ERR! ") || starts_with(line, "npm error ")) {
		found = strchr(line + 4, ' ') + 1;
		if (starts_with(found, "signal "))
			return set_signal(out, signal_of_name(found + strlen("signal ")));
		return (starts_with(found, "code ") || starts_with(found, "errno ")) &&
		       set_code(out, read_small(strchr(found, ' ') + 1, 255));
	}
	if ((found = strstr(line, "exited with code [")) && strstr(found, "via signal [SIG")) {
		const char *app = strstr(line, "App [");

		if (app && app < found)
			take_name(app + 5, app + 5 + strcspn(app + 5, ":]"), out);
		return set_signal(out, signal_of_name(strstr(found, "[SIG") + 1));
	}
	if ((found = strstr(line, "terminated by signal ")) ||
	    (found = strstr(line, "was killed by signal "))) {
		found = strstr(found, "signal ") + strlen("signal ");
		return set_signal(out, isdigit((unsigned char)*found) ? read_small(found, 64)
								      : signal_of_name(found));
	}
	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
		if ((found = strstr(line, codes[i]))) {
			size_t word = strcspn(line, " ");

			if (line + word + 1 == found && !starts_with(line, "Process "))
				take_name(line, line + word, out);
			return set_code(out, read_small(found + strlen(codes[i]), 255));
		}
	return false;
}

/* The kernel: "node[123]: segfault at 0 ip ...", "traps: node[123] trap int3 ip:...". */
static bool read_crash(const char *line, struct nm_note *out)
{
	static const struct {
		const char *words;
		int number;
	} forms[] = {
		{"]: segfault at ", SIGSEGV},	       {"] general protection fault", SIGSEGV},
		{"] general protection ip:", SIGSEGV}, {"] trap int3 ip:", SIGTRAP},
		{"] trap invalid opcode ip:", SIGILL}, {"] trap divide error ip:", SIGFPE},
	};
	const char *name = starts_with(line, "traps: ") ? line + 7 : line;

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		const char *found = strstr(name, forms[i].words), *bracket;
		size_t length;
		long pid;

		if (!found)
			continue;
		bracket = found;
		while (bracket > name && bracket[-1] != '[')
			bracket--;
		if (bracket == name)
			continue;
		pid = strtol(bracket, NULL, 10);
		length = (size_t)(bracket - 1 - name);
		if (pid < 1 || pid > PID_MAX || length == 0)
			continue;
		take_name(name, name + length, out);
		out->pid = (pid_t)pid;
		return set_signal(out, forms[i].number);
	}
	return false;
}

/* The value behind a key at the start of the line, in YAML, in JSON or as kubectl describes. */
static const char *value_of(const char *line, const char *key)
{
	const char *at = line + strspn(line, " \t\"-");
	size_t length = strlen(key);

	if (strncmp(at, key, length) != 0)
		return NULL;
	at += length;
	at += *at == '"';
	if (*at != ':')
		return NULL;
	at++;
	return at + strspn(at, " \t\"");
}

/* A reason and an exit code, in any order, of `docker inspect` and `kubectl describe`. */
static bool read_state(struct nm_notes *notes, const char *line, struct nm_note *out)
{
	const char *value;

	if ((notes->has_reason || notes->has_code) && ++notes->age > TOGETHER)
		nm_notes_init(notes);
	if ((value = value_of(line, "OOMKilled")) || (value = value_of(line, "Reason")) ||
	    (value = value_of(line, "reason"))) {
		notes->has_reason = true;
		notes->is_oom = starts_with(value, "true") || starts_with(value, "OOMKilled");
	} else if ((value = value_of(line, "ExitCode")) || (value = value_of(line, "Exit Code")) ||
		   (value = value_of(line, "exitCode"))) {
		notes->code = read_small(value, 255);
		notes->has_code = notes->code >= 0;
	}
	if (!value || !notes->has_code || !notes->has_reason)
		return false;
	set_code(out, notes->code);
	if (notes->is_oom) {
		out->oom = NM_NOTE_CONTAINER_OOM;
		set_signal(out, SIGKILL);
	}
	nm_notes_init(notes);
	return out->exit_code > 0;
}

bool nm_notes_line(struct nm_notes *notes, const char *line, struct nm_note *out)
{
	memset(out, 0, sizeof(*out));
	out->exit_code = -1;
	if (read_state(notes, line, out))
		return true;
	return read_systemd(line, out) || read_shell(line, out) || read_crash(line, out) ||
	       read_runner(line, out);
}
