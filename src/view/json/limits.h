/*
 * limits.h - the documents of `limits` and `doctor`
 */
#ifndef NM_VIEW_JSON_LIMITS_H
#define NM_VIEW_JSON_LIMITS_H

#include "view/view.h"

void nm_json_limits(const struct nm_view_options *how, const struct nm_target_info *info,
		    const struct nm_sample *sample, const struct nm_limits *limits);
void nm_json_findings(const struct nm_view_options *how, const struct nm_findings *findings);

#endif
