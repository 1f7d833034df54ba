/*
 * facts.h - gathering what `doctor` judges about one process, and about a plan
 */
#ifndef NM_SOURCE_FACTS_H
#define NM_SOURCE_FACTS_H

#include "model/findings.h"

/*
 * Everything about one process that can be had without writing to it. That it may not be looked
 * at, or cannot be understood, is a fact too. NM_E_GONE and NM_E_NOT_NODE when it is no subject,
 * NM_E_NOMEM. `out` is to be ended in any case.
 */
int nm_facts_read(pid_t pid, struct nm_facts *out, struct nm_error *err);

/* /proc/sys/kernel/yama/ptrace_scope, or -1. */
int nm_facts_ptrace_scope(void);

/* The caller's own place: the lowest limit of memory above it, or 0, and the machine's memory. */
int nm_facts_read_here(struct nm_plan *plan, struct nm_error *err);

#endif
