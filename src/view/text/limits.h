/*
 * limits.h - the limits above a process and the findings about them, for people
 */
#ifndef NM_VIEW_TEXT_LIMITS_H
#define NM_VIEW_TEXT_LIMITS_H

#include "view/view.h"

void nm_text_limits(const struct nm_view_options *how, const struct nm_target_info *info,
		    const struct nm_sample *sample, const struct nm_limits *limits);
void nm_text_findings(const struct nm_view_options *how, const struct nm_findings *findings);

#endif
