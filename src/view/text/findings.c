/*
 * findings.c - what `doctor` found, for people
 */
#include <inttypes.h>
#include <string.h>

#include "base/units.h"
#include "model/findings.h"
#include "view/table.h"
#include "view/text/limits.h"
#include "view/text/wrap.h"

#define INDENT 10

static const char *color_of(const struct nm_view_options *how, enum nm_severity severity)
{
	static const char *const colors[] = {NM_COLOR_GREEN, NM_COLOR_YELLOW, NM_COLOR_RED};

	return nm_table_color(how, colors[severity]);
}

static void print_finding(const struct nm_view_options *how, const struct nm_finding *finding)
{
	fprintf(how->out, "%s%-*s%s%s", color_of(how, finding->severity), INDENT,
		nm_severity_name(finding->severity), nm_table_color(how, NM_COLOR_OFF),
		finding->id);
	if (finding->pid != 0)
		fprintf(how->out, ", process %d", (int)finding->pid);
	fprintf(how->out, "\n%*s", INDENT, "");
	nm_text_wrap(how, INDENT, finding->text);
	if (finding->fix[0]) {
		fprintf(how->out, "  %s%-*s%s", nm_table_color(how, NM_COLOR_DIM), INDENT - 2,
			"fix", nm_table_color(how, NM_COLOR_OFF));
		nm_text_wrap(how, INDENT, finding->fix);
	}
	fputc('\n', how->out);
}

static void print_plan(const struct nm_view_options *how, const struct nm_plan *plan)
{
	char memory[32], semi[32], old[32], limit[32];

	fprintf(how->out, "Node %u, %s, ", plan->major,
		plan->memory ? nm_units_words(plan->memory, memory, sizeof(memory))
			     : "no limit of a control group");
	if (plan->memory)
		fprintf(how->out, "set through control groups of version %d, ",
			plan->cgroup_version);
	fprintf(how->out, "on a machine with %s:\n",
		nm_units_words(plan->totalmem, limit, sizeof(limit)));
	fprintf(how->out, "  it believes it has   %s: %s\n",
		nm_units_words(plan->believes, memory, sizeof(memory)),
		nm_belief_text(plan->believes_from));
	fprintf(how->out, "  heap limit           %s: %s of old space and 3 semi-spaces of %s\n",
		nm_units_words(plan->heap.limit, limit, sizeof(limit)),
		nm_units_words(plan->heap.old_space, old, sizeof(old)),
		nm_units_words(plan->heap.semi_space, semi, sizeof(semi)));
	fprintf(how->out, "  ended first by       %s\n",
		plan->kernel_first ? "the kernel, before the heap is full"
				   : "V8, when the heap is full");
	if (plan->old_space_mib != 0)
		fprintf(how->out,
			"  the most that fits   --max-old-space-size=%" PRIu64
			": three quarters, or what Node leaves\n",
			plan->old_space_mib);
	if (!plan->is_proven)
		fprintf(how->out,
			"Node %u is not in the table: the rule is that of the nearest older release "
			"line.\n",
			plan->major);
	fputc('\n', how->out);
}

void nm_text_findings(const struct nm_view_options *how, const struct nm_findings *findings)
{
	size_t critical = nm_findings_count(findings, NM_SEVERITY_CRITICAL);
	size_t warnings = nm_findings_count(findings, NM_SEVERITY_WARNING) - critical;

	if (findings->plan)
		print_plan(how, findings->plan);
	for (int severity = NM_SEVERITY_CRITICAL; severity >= NM_SEVERITY_INFO; severity--)
		for (size_t i = 0; i < findings->count; i++)
			if ((int)findings->items[i].severity == severity)
				print_finding(how, &findings->items[i]);
	if (!findings->plan)
		fprintf(how->out, "%zu Node process%s looked at: ", findings->looked_at,
			findings->looked_at == 1 ? "" : "es");
	fprintf(how->out, "%zu critical, %zu warning%s, %zu info\n", critical, warnings,
		warnings == 1 ? "" : "s", findings->count - critical - warnings);
}
