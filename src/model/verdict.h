/*
 * verdict.h - what the facts of an ending mean, in words
 */
#ifndef NM_MODEL_VERDICT_H
#define NM_MODEL_VERDICT_H

#include "model/ending.h"

/* Fill the verdict from the facts. The pointers in it point into `ending`. */
void nm_verdict_reach(struct nm_ending *ending);

#endif
