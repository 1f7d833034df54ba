/*
 * ledger.h - the ledger for programs
 */
#ifndef NM_VIEW_JSON_LEDGER_H
#define NM_VIEW_JSON_LEDGER_H

#include "view/view.h"

/* `since` is an earlier ledger to compare with, or NULL. */
void nm_json_ledger(const struct nm_view_options *how, const struct nm_target_info *info,
		    const struct nm_ledger *ledger, const struct nm_ledger *since);

#endif
