/*
 * sample.h - building a sample; what it holds is in nodemem.h
 */
#ifndef NM_MODEL_SAMPLE_H
#define NM_MODEL_SAMPLE_H

#include "nodemem.h"

/* Room for `count` isolates. NM_E_NOMEM. */
int nm_sample_reserve(struct nm_sample *sample, unsigned count);

#endif
