#include <inttypes.h>
#include <signal.h>

#include "base/units.h"
#include "model/verdict_part.h"

bool nm_verdict_is_killed(const struct nm_ending *ending)
{
	return ending->signal == SIGKILL ||
	       (ending->signal == 0 && ending->exit_code == 128 + SIGKILL);
}

/* Behind npm it is just some failure; but a kill in the command's own cgroup is no accident. */
static bool is_killed_in_cgroup(const struct nm_ending *ending)
{
	return ending->kills.in_cgroup > 0 && ending->kills.cgroup_was_full &&
	       (nm_verdict_is_killed(ending) || (ending->signal == 0 && ending->exit_code != 0));
}

static void say_shares(struct nm_ending *ending)
{
	const struct nm_run_process *subject = ending->subject;
	const struct nm_kill_record *kill = &ending->kill;
	char rss[32], heap[32], buffers[32];

	if (kill->is_known) {
		REASON(ending,
		       " When it was killed, %s of its memory was anonymous, which is the heap, "
		       "Buffers and all that malloc gave, and %s were pages of files.",
		       nm_units_words(kill->anon_rss, heap, sizeof(heap)),
		       nm_units_words(kill->file_rss, rss, sizeof(rss)));
		return;
	}
	if (!subject || !(subject->has & NM_HAS_RSS))
		return;
	REASON(ending,
	       " When its rss was last seen at its highest, %s, heapTotal was %s and arrayBuffers "
	       "%s.",
	       nm_units_words(subject->peak_rss, rss, sizeof(rss)),
	       nm_units_words(subject->heap_total_at_peak, heap, sizeof(heap)),
	       nm_units_words(subject->array_buffers_at_peak, buffers, sizeof(buffers)));
}

static void say_witness(struct nm_ending *ending)
{
	const char *name = ending->kills.cgroup_name;

	if (nm_verdict_was_there(ending))
		REASON(ending,
		       "The kernel killed it with SIGKILL, which leaves no last words; the cgroup "
		       "%s counted the kill.",
		       name[0] ? name : "it was in");
	else if (ending->kill.is_known)
		REASON(ending,
		       "The kernel's log tells it: the memory limit of %s%s was reached, and the "
		       "kernel killed it with SIGKILL, which leaves no last words.",
		       name[0] ? "cgroup " : "its cgroup", name);
	else
		REASON(ending,
		       "Its supervisor says so. The kernel kills with SIGKILL, which leaves no last "
		       "words; which process of the container it chose and how large that was, only "
		       "the kernel's log tells. That the machine itself had no more memory is rare "
		       "and cannot be ruled out from this.");
	if (ending->kills.groups > 0 || ending->kill.is_group)
		REASON(ending, " All processes of the cgroup were killed together "
			       "(memory.oom.group): it need not be this one that took the memory.");
}

static void tell_cgroup(struct nm_ending *ending)
{
	const struct nm_run_process *subject = ending->subject;
	uint64_t limit = ending->kills.cgroup_limit;
	char text[32], heap[32];

	ending->cause = NM_CAUSE_CGROUP_OOM;
	nm_units_words(limit, text, sizeof(text));
	if (limit != 0)
		HEADLINE(ending, "%s was killed: its container reached the memory limit of %s",
			 nm_verdict_subject_name(ending), text);
	else
		HEADLINE(ending, "%s was killed: its container reached its memory limit",
			 nm_verdict_subject_name(ending));
	say_witness(ending);
	say_shares(ending);
	ADVICE(ending, "Raise the container's limit, or use less.");
	if (subject && subject->array_buffers_at_peak > subject->heap_total_at_peak)
		ADVICE(ending, " Buffers count most here, and no flag of Node's bounds them.");
	else if (subject && limit != 0 &&
		 subject->heap_size_limit + subject->heap_size_limit / 4 > limit)
		ADVICE(ending,
		       " V8 believed it could have a heap of %s: with "
		       "--max-old-space-size=%" PRIu64 " it would collect harder before the kernel "
		       "steps in, and say why when it cannot.",
		       nm_units_words(subject->heap_size_limit, heap, sizeof(heap)),
		       limit * NM_HEAP_SHARE_PERCENT / 100 / NM_MIB);
	else if (limit != 0 && ending->kill.is_known)
		ADVICE(ending,
		       " If it is Node.js: --max-old-space-size=%" PRIu64
		       " lets V8 collect harder before the kernel steps in, and say why when it "
		       "cannot.",
		       limit * NM_HEAP_SHARE_PERCENT / 100 / NM_MIB);
	if (!nm_verdict_was_there(ending))
		ADVICE(ending, " 'nodemem limits' and 'nodemem stat' on the running process show "
			       "what takes the memory, and how far the limit is.");
}

static void tell_machine(struct nm_ending *ending)
{
	char text[32];

	ending->cause = NM_CAUSE_KERNEL_OOM;
	HEADLINE(ending, "%s was killed: the machine had no more memory",
		 nm_verdict_subject_name(ending));
	if (ending->oom_was_told && !ending->kill.is_known)
		REASON(ending,
		       "Its supervisor says that the kernel's OOM killer ended it, with "
		       "SIGKILL, which leaves no last words. Where the unit has a memory limit "
		       "of its own (MemoryMax), it may have been that one: the kernel's log "
		       "tells.");
	else
		REASON(ending,
		       "The kernel's OOM killer ended it with SIGKILL, which leaves no last "
		       "words.");
	say_shares(ending);
	if (ending->totalmem != 0)
		ADVICE(ending, "The machine has %s: run",
		       nm_units_words(ending->totalmem, text, sizeof(text)));
	else
		ADVICE(ending, "Run");
	ADVICE(ending, " less on it, add memory or swap, or bound the program below that with "
		       "--max-old-space-size and a cgroup limit.");
}

bool nm_verdict_kill(struct nm_ending *ending)
{
	if (is_killed_in_cgroup(ending) || (ending->kill.is_known && ending->kill.is_cgroup))
		tell_cgroup(ending);
	else if (nm_verdict_is_killed(ending) && ending->kills.on_machine > 0)
		tell_machine(ending);
	else
		return false;
	return true;
}
