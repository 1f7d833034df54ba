#include "source/v8/backing_store.h"

#define LENGTH_MAX (UINT64_C(1) << 40)

bool nm_v8_backing_store_parse(const uint64_t words[4], struct nm_v8_backing_store *out)
{
	uint64_t start = words[0], length = words[1], maximum = words[2], capacity = words[3];

	if (!nm_addr_is_plausible(start) || start % 16 != 0 || length == 0 || length > maximum ||
	    maximum > capacity || capacity > LENGTH_MAX)
		return false;
	*out = (struct nm_v8_backing_store){start, length};
	return true;
}
