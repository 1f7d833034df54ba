#include "cmd/open.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/units.h"

#define TRY_AGAIN_US 20000
#define TRIES	     110

int nm_open_target(pid_t pid, struct nm_target **out, struct nm_error *err)
{
	int status = nm_target_open(pid, out, err);

	for (int i = 1; i < TRIES && status == NM_E_BUSY; i++) {
		usleep(TRY_AGAIN_US);
		status = nm_target_open(pid, out, err);
	}
	return status;
}

void nm_print_cut(const char *core, uint64_t missing)
{
	char text[32];

	if (missing == 0)
		return;
	/* What was shown comes first, also where both go to one file. */
	fflush(stdout);
	nm_units_words(missing, text, sizeof(text));
	if (core)
		fprintf(stderr,
			"nodemem: %s is cut, %s of it are missing: what was in there is not "
			"counted\n",
			core, text);
	else
		fprintf(stderr,
			"nodemem: %s of the process's memory are in swap, and were left there: "
			"objects in it are not counted\n",
			text);
}

int nm_open_ledger(pid_t pid, const struct nm_ledger_options *options, struct nm_target_info *info,
		   struct nm_ledger *out, struct nm_error *err)
{
	struct nm_target *target = NULL;
	struct nm_error why;
	int status = nm_open_target(pid, &target, &why);

	memset(info, 0, sizeof(*info));
	if (status == NM_OK) {
		*info = *nm_target_info(target);
		status = nm_ledger_read(target, options, out, err);
	} else if (status == NM_E_PERM || status == NM_E_UNSUPPORTED) {
		status = nm_ledger_read_coarse(pid, why.message, out, err);
	} else if (err) {
		*err = why;
	}
	nm_target_close(target);
	return status;
}

void nm_print_cost(const struct nm_target *target, const struct nm_sample *sample)
{
	const struct nm_target_cost *cost = nm_target_cost(target);
	const struct nm_target_info *info = nm_target_info(target);

	fprintf(stderr,
		"nodemem: %s, V8 %s, layout %s\n"
		"nodemem: opened in %" PRIu64 " us with %" PRIu64 " reads; %" PRIu64
		" sample%s, %" PRIu64 " read%s, %" PRIu64 " bytes; the last took %" PRIu64
		" us and %u tr%s; the process was never stopped\n",
		info->node, info->v8, info->layout, cost->open_us, cost->open_reads, cost->samples,
		cost->samples == 1 ? "" : "s", cost->sample_reads,
		cost->sample_reads == 1 ? "" : "s", cost->sample_bytes, sample->took_us,
		sample->tries, sample->tries == 1 ? "y" : "ies");
}

void nm_print_stops(const struct nm_ledger *ledger)
{
	/* What was shown comes first, also where both go to one file. */
	fflush(stdout);
	fprintf(stderr,
		"nodemem: the ledger took %.1f ms; the process was stopped %u time%s, %.1f ms in all, "
		"%.1f ms at the longest\n",
		(double)ledger->took_us / 1000, ledger->stops, ledger->stops == 1 ? "" : "s",
		(double)ledger->stopped_us / 1000, (double)ledger->longest_stop_us / 1000);
}
