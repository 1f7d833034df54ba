#include "model/verdict_terms.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/units.h"

#define OLD_SPACE_STEP_MIB 64

const char *nm_verdict_signal_name(int number, char *out, size_t room)
{
	static const struct {
		int number;
		const char *name;
	} names[] = {
		{SIGHUP, "SIGHUP"},   {SIGINT, "SIGINT"},   {SIGQUIT, "SIGQUIT"},
		{SIGILL, "SIGILL"},   {SIGTRAP, "SIGTRAP"}, {SIGABRT, "SIGABRT"},
		{SIGBUS, "SIGBUS"},   {SIGFPE, "SIGFPE"},   {SIGKILL, "SIGKILL"},
		{SIGUSR1, "SIGUSR1"}, {SIGSEGV, "SIGSEGV"}, {SIGUSR2, "SIGUSR2"},
		{SIGPIPE, "SIGPIPE"}, {SIGALRM, "SIGALRM"}, {SIGTERM, "SIGTERM"},
		{SIGXCPU, "SIGXCPU"}, {SIGXFSZ, "SIGXFSZ"}, {SIGSYS, "SIGSYS"},
	};

	snprintf(out, room, "signal %d", number);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].number == number)
			snprintf(out, room, "%s", names[i].name);
	return out;
}

uint64_t nm_verdict_old_space_mib(uint64_t limit, uint64_t room)
{
	uint64_t now = limit / NM_MIB, wanted = 2 * now;
	uint64_t most = room / NM_MIB * NM_HEAP_SHARE_PERCENT / 100;

	wanted += OLD_SPACE_STEP_MIB - 1;
	wanted -= wanted % OLD_SPACE_STEP_MIB;
	if (room != 0 && wanted > most)
		wanted = most;
	/* Less than a quarter more only puts the end off. */
	return wanted < now + now / 4 ? 0 : wanted;
}

void nm_verdict_say(char *text, size_t room, const char *format, ...)
{
	size_t used = strlen(text);
	va_list args;

	va_start(args, format);
	vsnprintf(text + used, room - used, format, args);
	va_end(args);
}

uint64_t nm_verdict_room(const struct nm_ending *ending, const char **out_whose)
{
	uint64_t limit = ending->kills.cgroup_limit;

	if (limit != 0 && (ending->totalmem == 0 || limit < ending->totalmem)) {
		*out_whose = "the container";
		return limit;
	}
	*out_whose = "the machine";
	return ending->totalmem;
}

const char *nm_verdict_subject_name(const struct nm_ending *ending)
{
	return ending->subject ? ending->subject->label : ending->command;
}
