/*
 * THE LAYOUT TABLE: a row per V8 release that Node.js has shipped, oldest first
 *
 * `nodemem calibrate --row NODE_BINARY` prints a row. NM_V8_BINARY marks what moved within the
 * row's releases and is read from the binary itself. Each row names the releases it was measured
 * on; docs/layouts.md says how.
 */
#include "source/v8/layout.h"

/* Laid out by hand: a row is read as a table. */
/* clang-format off */
#define DIRECT(offset) {offset, NM_V8_NONE}
#define VIA(offset, inner) {offset, inner}
#define ABSENT {NM_V8_NONE, NM_V8_NONE}

#define S(name) NM_V8_SPACE_##name

/* The order of enum AllocationSpace in src/common/globals.h of the release. */
#define SPACES_9_4 \
	.space_count = 8, .spaces = {S(READ_ONLY), S(OLD), S(CODE), S(MAP), S(LARGE), \
		S(CODE_LARGE), S(NEW_LARGE), S(NEW)}
#define SPACES_11_3 \
	.space_count = 9, .spaces = {S(READ_ONLY), S(NEW), S(OLD), S(CODE), S(SHARED), \
		S(NEW_LARGE), S(LARGE), S(CODE_LARGE), S(SHARED_LARGE)}
#define SPACES_12_4 \
	.space_count = 11, .spaces = {S(READ_ONLY), S(NEW), S(OLD), S(CODE), S(SHARED), \
		S(TRUSTED), S(NEW_LARGE), S(LARGE), S(CODE_LARGE), S(SHARED_LARGE), \
		S(TRUSTED_LARGE)}
#define SPACES_13_6 \
	.space_count = 13, .spaces = {S(READ_ONLY), S(NEW), S(OLD), S(CODE), S(SHARED), \
		S(TRUSTED), S(SHARED_TRUSTED), S(NEW_LARGE), S(LARGE), S(CODE_LARGE), \
		S(SHARED_LARGE), S(SHARED_TRUSTED_LARGE), S(TRUSTED_LARGE)}

const struct nm_v8_layout nm_v8_layouts[] = {
	{ /* 16.18.1 and 16.20.2; 17.9.1 has the same */
	 .name = "V8 9.4 (Node 16)", .first = {9, 4, 0, 0}, .last = {9, 6, ~0u, ~0u},
	 .page_form = NM_V8_PAGE_SIZE_FIRST,
	 .isolate_heap = NM_V8_BINARY, .isolate_allocator = NM_V8_BINARY,
	 .allocator_total = 0x10, .isolate_stack = 0x40,
	 .heap_isolate = 0x50, .heap_gc_state = 0x1d8, .heap_gc_counts = 0x208,
	 .heap_allocator = NM_V8_NONE, .heap_spaces = 0x168, SPACES_9_4,
	 .external = DIRECT(0xc0), .external_more = ABSENT,
	 .max_semi_space = DIRECT(0x60), .max_old_generation = DIRECT(0x78),
	 .read_only = DIRECT(0x140), .read_only_used = 0x40,
	 .paged_used = 0x128, .large_used = 0xe8,
	 .new_committed = {0x190, 0x2a0}, .new_capacity = 0x250, .new_top = DIRECT(0xe0),
	 .new_more_used = NM_V8_NONE,
	 .free_list = 0xd0, .free_list_bytes = 0x28, .new_target = 0x258, .new_large_capacity = 0x158,
	},
	{ /* 18.0.0 */
	 .name = "V8 10.1 (Node 18.0)", .first = {10, 1, 0, 0}, .last = {10, 1, ~0u, ~0u},
	 .page_form = NM_V8_PAGE_SIZE_FIRST,
	 .isolate_heap = NM_V8_BINARY, .isolate_allocator = NM_V8_BINARY,
	 .allocator_total = 0x10, .isolate_stack = 0x10,
	 .heap_isolate = 0x50, .heap_gc_state = 0x238, .heap_gc_counts = 0x260,
	 .heap_allocator = NM_V8_NONE, .heap_spaces = 0x1c8, SPACES_9_4,
	 .external = DIRECT(0x120), .external_more = ABSENT,
	 .max_semi_space = DIRECT(0xc0), .max_old_generation = DIRECT(0xd8),
	 .read_only = DIRECT(0xa0), .read_only_used = 0x40,
	 .paged_used = 0x110, .large_used = 0xd8,
	 .new_committed = {0x178, 0x280}, .new_capacity = 0x228, .new_top = VIA(0xc8, 8),
	 .new_more_used = NM_V8_NONE,
	 .free_list = 0xc0, .free_list_bytes = 0x28, .new_target = 0x230, .new_large_capacity = 0x148,
	},
	{ /* 18.12.1 to 18.20.8 */
	 .name = "V8 10.2 (Node 18)", .first = {10, 2, 0, 0}, .last = {10, 2, ~0u, ~0u},
	 .page_form = NM_V8_PAGE_SIZE_FIRST,
	 .isolate_heap = NM_V8_BINARY, .isolate_allocator = NM_V8_BINARY,
	 .allocator_total = 0x10, .isolate_stack = 0x10,
	 .heap_isolate = 0x50, .heap_gc_state = 0x240, .heap_gc_counts = 0x268,
	 .heap_allocator = NM_V8_NONE, .heap_spaces = 0x1d0, SPACES_9_4,
	 .external = DIRECT(0x128), .external_more = ABSENT,
	 .max_semi_space = DIRECT(0xc8), .max_old_generation = DIRECT(0xe0),
	 .read_only = ABSENT, .read_only_used = NM_V8_NONE,
	 .paged_used = 0x110, .large_used = 0xd8,
	 .new_committed = {0x178, 0x280}, .new_capacity = 0x228, .new_top = VIA(0xc8, 8),
	 .new_more_used = NM_V8_NONE,
	 .free_list = 0xc0, .free_list_bytes = 0x28, .new_target = 0x230, .new_large_capacity = 0x148,
	},
	{ /* 20.0.0 to 20.20.2 */
	 .name = "V8 11.3 (Node 20)", .first = {11, 3, 0, 0}, .last = {11, 3, ~0u, ~0u},
	 .page_form = NM_V8_PAGE_SIZE_FIRST,
	 .isolate_heap = NM_V8_BINARY, .isolate_allocator = NM_V8_BINARY,
	 .allocator_total = 0x10, .isolate_stack = 0x10,
	 .heap_isolate = 0x50, .heap_gc_state = 0x228, .heap_gc_counts = 0x240,
	 .heap_allocator = NM_V8_NONE, .heap_spaces = 0x1c8, SPACES_11_3,
	 .external = DIRECT(0x128), .external_more = ABSENT,
	 .max_semi_space = DIRECT(0xc8), .max_old_generation = DIRECT(0xe0),
	 .read_only = ABSENT, .read_only_used = NM_V8_NONE,
	 .paged_used = 0x98, .large_used = 0x60,
	 .new_committed = {0x180, 0x290}, .new_capacity = 0x1b8, .new_top = VIA(0x50, 8),
	 .new_more_used = NM_V8_NONE,
	 .free_list = 0x40, .free_list_bytes = 0x28, .new_target = 0x1c0, .new_large_capacity = 0x150,
	},
	{ /* 22.0.0 to 22.23.3 */
	 .name = "V8 12.4 (Node 22)", .first = {12, 4, 0, 0}, .last = {12, 4, ~0u, ~0u},
	 .page_form = NM_V8_PAGE_SELF,
	 .isolate_heap = NM_V8_BINARY, .isolate_allocator = NM_V8_BINARY,
	 .allocator_total = 0x10, .isolate_stack = 0x10,
	 .heap_isolate = 0x18, .heap_gc_state = 0x198, .heap_gc_counts = 0x1b0,
	 .heap_allocator = 0x20, .heap_spaces = 0x138, SPACES_12_4,
	 .external = DIRECT(0x90), .external_more = ABSENT,
	 .max_semi_space = DIRECT(0x30), .max_old_generation = DIRECT(0x48),
	 .read_only = ABSENT, .read_only_used = NM_V8_NONE,
	 .paged_used = 0x70, .large_used = 0x60,
	 .new_committed = {0x90, 0x120}, .new_capacity = 0xc8, .new_top = DIRECT(0x1b0),
	 .new_more_used = NM_V8_NONE,
	 .free_list = 0x48, .free_list_bytes = 0x20, .new_target = 0xd0, .new_large_capacity = 0x150,
	 .area_count = 4, .areas = {{S(NEW), 0x110}, {S(OLD), 0x238}, {S(TRUSTED), 0x360}, {S(CODE), 0x488}},
	},
	{ /* 23.0.0 to 23.11.0 */
	 .name = "V8 12.9 (Node 23)", .first = {12, 9, 0, 0}, .last = {12, 9, ~0u, ~0u},
	 .page_form = NM_V8_PAGE_METADATA,
	 .isolate_heap = NM_V8_BINARY, .isolate_allocator = NM_V8_BINARY,
	 .allocator_total = 0x10, .isolate_stack = 0x10,
	 .heap_isolate = 0x18, .heap_gc_state = 0x1c8, .heap_gc_counts = 0x1e0,
	 .heap_allocator = 0x20, .heap_spaces = 0x158, SPACES_13_6,
	 .external = DIRECT(0x90), .external_more = ABSENT,
	 .max_semi_space = DIRECT(0x30), .max_old_generation = DIRECT(0x48),
	 .read_only = ABSENT, .read_only_used = NM_V8_NONE,
	 .paged_used = 0x70, .large_used = 0x60,
	 .new_committed = {0x90, 0x120}, .new_capacity = 0xc8, .new_top = DIRECT(0x1b0),
	 .new_more_used = NM_V8_NONE,
	 .free_list = 0x48, .free_list_bytes = 0x20, .new_target = 0xd0, .new_large_capacity = 0x150,
	 .area_count = 4, .areas = {{S(NEW), 0x120}, {S(OLD), 0x248}, {S(TRUSTED), 0x370}, {S(CODE), 0x498}},
	},
	{ /* 24.0.0 to 24.21.0 */
	 .name = "V8 13.6 (Node 24)", .first = {13, 6, 0, 0}, .last = {13, 6, ~0u, ~0u},
	 .page_form = NM_V8_PAGE_METADATA,
	 .isolate_heap = NM_V8_BINARY, .isolate_allocator = NM_V8_BINARY,
	 .allocator_total = NM_V8_BINARY, .isolate_stack = 0x10,
	 .heap_isolate = 0x18, .heap_gc_state = 0x220, .heap_gc_counts = 0x238,
	 .heap_allocator = 0x20, .heap_spaces = 0x160, SPACES_13_6,
	 .external = DIRECT(0x98), .external_more = ABSENT,
	 .max_semi_space = DIRECT(0x30), .max_old_generation = DIRECT(0x50),
	 .read_only = ABSENT, .read_only_used = NM_V8_NONE,
	 .paged_used = 0x78, .large_used = 0x68,
	 .new_committed = {0x78, 0xf8}, .new_capacity = 0xb8, .new_top = DIRECT(0x160),
	 .new_more_used = 0x180,
	 .free_list = 0x50, .free_list_bytes = 0x20, .new_target = 0x1a8, .new_large_capacity = 0x110,
	 .area_count = 4, .areas = {{S(NEW), 0x120}, {S(OLD), 0x218}, {S(TRUSTED), 0x310}, {S(CODE), 0x408}},
	},
	{ /* 25.0.0 to 25.9.0 */
	 .name = "V8 14.1 (Node 25)", .first = {14, 1, 0, 0}, .last = {14, 1, ~0u, ~0u},
	 .page_form = NM_V8_PAGE_METADATA,
	 .isolate_heap = NM_V8_BINARY, .isolate_allocator = NM_V8_BINARY,
	 .allocator_total = NM_V8_BINARY, .isolate_stack = 0x10,
	 .heap_isolate = 0x18, .heap_gc_state = 0x220, .heap_gc_counts = 0x238,
	 .heap_allocator = 0x20, .heap_spaces = 0x160, SPACES_13_6,
	 .external = DIRECT(0x98), .external_more = ABSENT,
	 .max_semi_space = DIRECT(0x30), .max_old_generation = DIRECT(0x50),
	 .read_only = ABSENT, .read_only_used = NM_V8_NONE,
	 .paged_used = 0x78, .large_used = 0x68,
	 .new_committed = {0x78, 0xf8}, .new_capacity = 0xb8, .new_top = DIRECT(0x160),
	 .new_more_used = 0x180,
	 .free_list = 0x50, .free_list_bytes = 0x20, .new_target = 0x1a8, .new_large_capacity = 0x110,
	 .area_count = 4, .areas = {{S(NEW), 0x120}, {S(OLD), 0x220}, {S(TRUSTED), 0x320}, {S(CODE), 0x420}},
	},
	{ /* 26.0.0 to 26.10.0 */
	 .name = "V8 14.6 (Node 26)", .first = {14, 6, 0, 0}, .last = {14, 6, ~0u, ~0u},
	 .page_form = NM_V8_PAGE_METADATA,
	 .isolate_heap = NM_V8_BINARY, .isolate_allocator = NM_V8_BINARY,
	 .allocator_total = 8, .isolate_stack = 0x10,
	 .heap_isolate = 0x8, .heap_gc_state = 0x228, .heap_gc_counts = 0x240,
	 .heap_allocator = 0x10, .heap_spaces = 0x118, SPACES_13_6,
	 .external = DIRECT(0xab8), .external_more = VIA(0x7a8, 0x60),
	 .max_semi_space = DIRECT(0x20), .max_old_generation = VIA(0x7b8, 0x30),
	 .read_only = ABSENT, .read_only_used = NM_V8_NONE,
	 .paged_used = 0x68, .large_used = 0x58,
	 .new_committed = {0x68, 0xd8}, .new_capacity = 0x98, .new_top = DIRECT(0x130),
	 .new_more_used = 0x150,
	 .free_list = 0x40, .free_list_bytes = 0x20, .new_target = 0x178, .new_large_capacity = 0x100,
	 .area_count = 4, .areas = {{S(NEW), 0x120}, {S(OLD), 0x220}, {S(TRUSTED), 0x320}, {S(CODE), 0x420}},
	},
};
/* clang-format on */

const size_t nm_v8_layout_count = sizeof(nm_v8_layouts) / sizeof(nm_v8_layouts[0]);
