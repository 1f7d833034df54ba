#include "source/facts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

#include "base/error.h"
#include "base/units.h"
#include "model/limits.h"
#include "source/find.h"
#include "source/limits.h"
#include "source/proc/cgroup.h"
#include "source/proc/file.h"
#include "source/proc/listen.h"

#define COMMAND_MAX (UINT64_C(128) << 10)
#define ENVIRON_MAX (UINT64_C(1) << 20)

static void read_options(int pid_dir, struct nm_node_flags *flags)
{
	struct nm_strbuf text;

	nm_strbuf_init(&text, ENVIRON_MAX);
	nm_proc_read_all(pid_dir, "environ", &text);
	for (const char *word = text.text, *end = word + text.length; word && word < end;
	     word += strlen(word) + 1)
		if (strncmp(word, "NODE_OPTIONS=", 13) == 0) {
			nm_node_flags_add_options(flags, word + 13);
			break;
		}
	nm_strbuf_done(&text);
	nm_strbuf_init(&text, COMMAND_MAX);
	nm_proc_read_all(pid_dir, "cmdline", &text);
	if (text.text)
		nm_node_flags_add_command(flags, text.text, text.length);
	nm_strbuf_done(&text);
}

static void read_inspector(int pid_dir, struct nm_facts *facts)
{
	struct nm_listen listen;

	/* Port 0 leaves the choice to the kernel: then it cannot be told from other sockets. */
	if (facts->flags.inspector_port == 0 ||
	    !nm_listen_read(pid_dir, facts->flags.inspector_port, &listen) || !listen.is_listening)
		return;
	facts->has_inspector = true;
	facts->inspector_is_local = listen.is_loopback;
	memcpy(facts->inspector, listen.address, sizeof(facts->inspector));
}

int nm_facts_ptrace_scope(void)
{
	char text[16];
	uint64_t scope;

	if (nm_proc_read(AT_FDCWD, "/proc/sys/kernel/yama/ptrace_scope", text, sizeof(text)) <= 0)
		return -1;
	text[strcspn(text, "\n")] = '\0';
	return nm_units_parse_whole(text, 0, 3, &scope) ? (int)scope : -1;
}

/* Of a process whose memory cannot be read, everybody may know the limits around it. */
static int read_limits(struct nm_facts *facts, struct nm_error *err)
{
	const struct nm_limits_subject subject = {
		.pid = facts->pid,
		.node = facts->info.node,
		.sample = facts->problem.code == NM_OK ? &facts->sample : NULL,
	};
	int status = nm_limits_read_pid(&subject, &facts->limits, err);

	facts->has_limits = status == NM_OK;
	/* Where even they are hidden, that the process cannot be looked at says it all. */
	return status == NM_E_GONE || status == NM_E_NOMEM ? status : NM_OK;
}

int nm_facts_read(pid_t pid, struct nm_facts *out, struct nm_error *err)
{
	struct nm_target *target = NULL;
	int proc, pid_dir;

	nm_facts_init(out);
	out->pid = pid;
	out->problem.code = nm_target_open(pid, &target, &out->problem);
	if (out->problem.code == NM_OK) {
		out->info = *nm_target_info(target);
		out->problem.code = nm_target_sample(target, &out->sample, &out->problem);
		nm_target_close(target);
	}
	if (out->problem.code == NM_E_GONE || out->problem.code == NM_E_NOT_NODE ||
	    out->problem.code == NM_E_NOMEM)
		return nm_error_set(err, out->problem.code, "%s", out->problem.message);
	if (out->problem.code != NM_OK && out->info.node[0] == '\0' &&
	    !nm_find_describe(pid, &out->info, &out->sample))
		return nm_error_set(err, NM_E_GONE, "process %d has ended", (int)pid);
	proc = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (proc < 0)
		return nm_error_set_errno(err, NM_E_IO, errno, "cannot open /proc");
	out->ptrace_scope = nm_facts_ptrace_scope();
	pid_dir = nm_proc_open_pid(proc, pid);
	close(proc);
	if (pid_dir >= 0) {
		read_options(pid_dir, &out->flags);
		read_inspector(pid_dir, out);
		close(pid_dir);
	}
	return read_limits(out, err);
}

int nm_facts_read_here(struct nm_plan *plan, struct nm_error *err)
{
	const struct nm_limits_subject self = {.pid = getpid(), .node = ""};
	const struct nm_limit *lowest;
	struct nm_limits limits;
	int status = nm_limits_read_pid(&self, &limits, err);

	if (status != NM_OK)
		return status;
	lowest = nm_limits_lowest_group(&limits);
	plan->totalmem = uv_get_total_memory();
	plan->memory = lowest ? lowest->limit : 0;
	plan->cgroup_version = limits.cgroup_version;
	nm_limits_done(&limits);
	return NM_OK;
}
