/*
 * header.c - nodemem.h alone, by a strict compiler of C11 or C++: it must need nothing before it
 */
#include "nodemem.h"

#include "nodemem.h" /* twice does no harm */

int main(void)
{
	return NM_OK;
}
