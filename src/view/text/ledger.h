/*
 * ledger.h - the ledger for people
 */
#ifndef NM_VIEW_TEXT_LEDGER_H
#define NM_VIEW_TEXT_LEDGER_H

#include "view/view.h"

/* `since` is an earlier ledger to compare with, or NULL. */
void nm_text_ledger(const struct nm_view_options *how, const struct nm_target_info *info,
		    const struct nm_ledger *ledger, const struct nm_ledger *since);

#endif
