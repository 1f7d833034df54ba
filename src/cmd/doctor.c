/*
 * doctor.c - what is wrong with the limits of Node processes, and what mends it
 */
#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>
#include <uv.h>

#include "base/units.h"
#include "cmd/command.h"
#include "model/findings.h"
#include "source/facts.h"

/* What a container is likely to have today. */
#define ASSUMED_CGROUP_VERSION 2
#define ASSUMED_MEMORY_MIN     (4 * NM_MIB)

/* Processes that are just starting get a moment, all together. */
#define TRY_AGAIN_US 20000
#define PATIENCE     110

struct patients {
	struct nm_facts *facts;
	size_t count;
	size_t hidden, hidden_node;
};

static int examine(pid_t pid, struct nm_facts *out, int *patience, struct nm_error *err)
{
	int status;

	while ((status = nm_facts_read(pid, out, err)) == NM_OK && out->problem.code == NM_E_BUSY &&
	       (*patience)-- > 0) {
		nm_facts_done(out);
		usleep(TRY_AGAIN_US);
	}
	return status;
}

/* Every Node process; those that end meanwhile are left out. */
static int examine_all(struct patients *patients, struct nm_error *err)
{
	int patience = PATIENCE, status;
	struct nm_pid_list list;

	status = nm_find_node(&list, err);
	if (status != NM_OK)
		return status;
	patients->facts = calloc(list.count + 1, sizeof(*patients->facts));
	if (!patients->facts) {
		nm_pid_list_done(&list);
		return nm_error_nomem(err);
	}
	patients->hidden = list.hidden;
	patients->hidden_node = list.hidden_node;
	for (size_t i = 0; i < list.count && status == NM_OK; i++) {
		struct nm_facts *facts = &patients->facts[patients->count];

		status = examine(list.pids[i], facts, &patience, err);
		if (status == NM_OK) {
			patients->count++;
			continue;
		}
		nm_facts_done(facts);
		if (status == NM_E_GONE || status == NM_E_NOT_NODE)
			status = NM_OK;
	}
	nm_pid_list_done(&list);
	return status;
}

static void patients_done(struct patients *patients)
{
	for (size_t i = 0; i < patients->count; i++)
		nm_facts_done(&patients->facts[i]);
	free(patients->facts);
}

static int show(struct nm_call *call, const struct nm_findings *findings)
{
	struct nm_error err;

	if (findings->failed) {
		nm_error_nomem(&err);
		return nm_call_fail(call, &err);
	}
	call->view.format->findings(&call->view, findings);
	return nm_findings_count(findings, NM_SEVERITY_WARNING) > 0 ? NM_EXIT_FINDING : NM_EXIT_OK;
}

/* With `pid` the others are looked at too, for what they share with it. */
static int judge(struct nm_call *call, pid_t pid)
{
	struct patients patients = {.facts = NULL};
	struct nm_facts one;
	struct nm_findings findings;
	int patience = PATIENCE, status = NM_OK, code;
	uint64_t begun = uv_hrtime();
	struct nm_error err;

	nm_findings_init(&findings);
	nm_facts_init(&one);
	if (pid != 0)
		status = examine(pid, &one, &patience, &err);
	if (status == NM_OK)
		status = examine_all(&patients, &err);
	if (status != NM_OK) {
		code = nm_call_fail(call, &err);
		goto out;
	}
	if (pid != 0)
		nm_findings_add_process(&findings, &one);
	for (size_t i = 0; i < patients.count && pid == 0; i++)
		nm_findings_add_process(&findings, &patients.facts[i]);
	nm_findings_add_shared(&findings, patients.facts, patients.count, pid);
	if (pid == 0)
		nm_findings_add_hidden(&findings, patients.hidden, patients.hidden_node,
				       nm_facts_ptrace_scope());
	code = show(call, &findings);
	if (call->verbose)
		fprintf(stderr,
			"nodemem: %zu Node processes read in %" PRIu64
			" us; none was ever stopped\n",
			patients.count, (uv_hrtime() - begun) / 1000);
out:
	patients_done(&patients);
	nm_facts_done(&one);
	nm_findings_done(&findings);
	return code;
}

/* ---- a plan ------------------------------------------------------------------------------ */

/* The release line of the Node processes of this machine: the newest. */
static int find_release(struct nm_call *call, unsigned *out)
{
	struct patients patients = {.facts = NULL};
	struct nm_error err;
	int status = examine_all(&patients, &err);

	*out = 0;
	for (size_t i = 0; status == NM_OK && i < patients.count; i++) {
		unsigned line = nm_node_rule_major(patients.facts[i].info.node);

		if (line > *out)
			*out = line;
	}
	patients_done(&patients);
	if (status != NM_OK)
		return nm_call_fail(call, &err);
	if (*out == 0)
		return nm_call_usage(call,
				     "--assume-memory: no Node process runs here whose release "
				     "could be taken (say which: --assume-node 24)");
	return NM_EXIT_OK;
}

static int judge_plan(struct nm_call *call, const char *node, const char *memory)
{
	struct nm_plan plan = {.major = 0};
	struct nm_findings findings;
	struct nm_error err;
	int code = NM_EXIT_OK;

	if (node && (plan.major = nm_node_rule_major(node)) == 0)
		return nm_call_usage(
			call, "--assume-node: not a release of Node: '%s' (24, v22.3.0)", node);
	if (!node)
		code = find_release(call, &plan.major);
	if (code != NM_EXIT_OK)
		return code;
	if (nm_facts_read_here(&plan, &err) != NM_OK)
		return nm_call_fail(call, &err);
	if (memory) {
		if (!nm_units_parse_bytes(memory, &plan.memory) || plan.memory < ASSUMED_MEMORY_MIN)
			return nm_call_usage(call,
					     "--assume-memory: not an amount of memory from 4M on: "
					     "'%s' (512M, 2G)",
					     memory);
		plan.cgroup_version = ASSUMED_CGROUP_VERSION;
		/* A container that is planned for a larger machine than this. */
		if (plan.totalmem < plan.memory)
			plan.totalmem = plan.memory;
	}
	nm_plan_make(&plan);
	nm_findings_init(&findings);
	nm_findings_add_plan(&findings, &plan);
	code = show(call, &findings);
	nm_findings_done(&findings);
	return code;
}

static int run(struct nm_call *call)
{
	const char *node = nm_call_option(call, "assume-node");
	const char *memory = nm_call_option(call, "assume-memory");
	pid_t pid = 0;

	if ((node || memory) && call->word_count > 0)
		return nm_call_usage(call,
				     "a plan is without a process: leave out '%s' or --assume-%s",
				     call->words[0], node ? "node" : "memory");
	if (node || memory)
		return judge_plan(call, node, memory);
	if (call->word_count > 0 && !nm_call_pid(call, 0, &pid))
		return NM_EXIT_USAGE;
	return judge(call, pid);
}

static const struct nm_option options[] = {
	{0, "assume-node", "RELEASE", "judge a plan instead: this release line of Node, as 24"},
	{0, "assume-memory", "SIZE", "the same: a container with this much memory, as 512M"},
	{0, NULL, NULL, NULL},
};

const struct nm_command nm_cmd_doctor = {
	.name = "doctor",
	.summary = "what is wrong with the limits of Node processes, and the setting that mends it",
	.usage = "[OPTIONS] [PID]",
	.about = "Looks at one process, or without PID at every Node process of the machine. Ends\n"
		 "with 5 when there is a warning or worse. Of a plan (--assume-node,\n"
		 "--assume-memory) what is not said is taken from this machine.\n",
	.options = options,
	.min_words = 0,
	.max_words = 1,
	.run = run,
};
