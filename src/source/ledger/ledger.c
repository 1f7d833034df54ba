/*
 * ledger.c - the ledger of a target, from its parts' finders
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "source/ledger/files.h"
#include "source/ledger/job.h"
#include "source/target.h"

static uint64_t now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static int by_address(const void *a, const void *b)
{
	const struct nm_v8_page *left = a, *right = b;

	return left->addr < right->addr ? -1 : left->addr > right->addr;
}

static int find_pages(struct nm_ledger_job *job, struct nm_error *err)
{
	struct nm_v8_process *process = job->process;
	int status = nm_v8_pages_find(process->reader, &job->smaps.maps, &process->pagemap,
				      process->layout.page_form, NM_V8_PAGES_ALL, SIZE_MAX,
				      &job->pages, err);

	if (status == NM_OK && job->pages.count > 0)
		qsort(job->pages.items, job->pages.count, sizeof(*job->pages.items), by_address);
	return status;
}

static int share_out(struct nm_ledger_job *job, struct nm_error *err)
{
	struct nm_extents extents = {.items = NULL};

	for (size_t i = 0; i < job->smaps.maps.count && !extents.failed; i++) {
		if (job->smaps.items[i].rss == 0 && job->smaps.items[i].swap == 0)
			continue;
		extents.count = 0;
		nm_ledger_classify(job, i, &extents);
		nm_ledger_settle(job, i, &extents);
	}
	free(extents.items);
	return extents.failed ? nm_error_nomem(err) : NM_OK;
}

static int make(struct nm_ledger_job *job, struct nm_error *err)
{
	int status = nm_ledger_look_into_malloc(job, err);

	if (status == NM_OK && !job->has_smaps)
		status = nm_ledger_read_smaps(job, err);
	if (status == NM_OK)
		status = find_pages(job, err);
	if (status == NM_OK)
		status = nm_ledger_find_buffers(job, err);
	if (status == NM_OK)
		status = nm_ledger_sum_malloc(job, err);
	if (status != NM_OK)
		return status;
	job->has_addon = nm_ledger_has_addon(&job->smaps.maps);
	job->ledger->rss = job->smaps.rss;
	job->ledger->pss = job->smaps.pss;
	job->ledger->swap = job->smaps.swap;
	job->ledger->has |= NM_HAS_LEDGER_PSS | NM_HAS_LEDGER_SWAP;
	nm_pagemap_reset(&job->process->pagemap);
	status = share_out(job, err);
	nm_pagemap_reset(&job->process->pagemap);
	return status == NM_OK ? nm_ledger_finish(job->ledger, err) : status;
}

static void clean_up(struct nm_ledger_job *job)
{
	nm_smaps_done(&job->smaps);
	nm_v8_pages_done(&job->pages);
	nm_glibc_done(&job->glibc);
	free(job->heap_sums);
	free(job->stores);
	free(job->mmapped);
}

int nm_ledger_read(struct nm_target *target, const struct nm_ledger_options *options,
		   struct nm_ledger *out, struct nm_error *err)
{
	struct nm_v8_process *process = nm_target_process(target);
	struct nm_ledger_job job = {.process = process,
				    .isolates = nm_target_isolates(target),
				    .options = options,
				    .ledger = out};
	uint64_t begun = now_us();
	int status;

	memset(out, 0, sizeof(*out));
	out->pid = process->pid;
	/* What is in memory can only be read safely if the kernel says where it is. */
	if (!nm_pagemap_is_known(&process->pagemap)) {
		status = nm_ledger_read_coarse(process->pid,
					       "/proc/PID/pagemap cannot be read, so that reading "
					       "memory could change it",
					       out, err);
	} else {
		nm_smaps_init(&job.smaps);
		status = make(&job, err);
		clean_up(&job);
	}
	/* What is missing of a process that has ended meanwhile is missing for that reason. */
	if ((status != NM_OK || out->missing_count > 0) && nm_target_has_ended(target))
		status = nm_error_set(err, NM_E_GONE, "process %d has ended", (int)process->pid);
	if (status != NM_OK) {
		nm_ledger_done(out);
		return status;
	}
	out->took_us = now_us() - begun;
	return NM_OK;
}
