/*
 * THE TABLE OF OBJECTS: what binaries do not say of the objects on V8's heap
 *
 * A row per version of V8, and two lists which hold for all. Each row was measured: the heaps of
 * the releases it names were walked with it from end to end with less than 0.1 % unexplained.
 */
#include "source/v8/object_layout.h"

/* Laid out by hand: a row is read as a table. */
/* clang-format off */
const struct nm_v8_object_row nm_v8_object_rows[] = {
	{ /* 18.20.8 */
	 .name = "objects of V8 10.2 (Node 18)", .first = {10, 1, 0, 0}, .last = {10, 2, ~0u, ~0u},
	 .feedback_vector_header = 48, .free_space_unit = 1, .metadata_closure = 0,
	 .code_header = 128, .code_sizes = {40, 44}, .view_buffer = 24,
	 .global = "global", .global_proxy = "global",
	},
	{ /* 20.20.2 */
	 .name = "objects of V8 11.3 (Node 20)", .first = {11, 3, 0, 0}, .last = {11, 3, ~0u, ~0u},
	 .feedback_vector_header = 56, .free_space_unit = 1, .metadata_closure = 0,
	 .code_header = 0, .code_sizes = {NM_V8_NONE, NM_V8_NONE}, .view_buffer = 24,
	 .global = "global", .global_proxy = "global", .has_shapes = true,
	},
	{ /* 22.23.3 */
	 .name = "objects of V8 12.4 (Node 22)", .first = {12, 4, 0, 0}, .last = {12, 4, ~0u, ~0u},
	 .feedback_vector_header = 56, .free_space_unit = 1, .metadata_closure = 0,
	 .code_header = 32, .code_sizes = {24, NM_V8_NONE}, .view_buffer = 24,
	 .global = "global", .global_proxy = "global", .has_shapes = true,
	},
	{ /* 24.21.0 */
	 .name = "objects of V8 13.6 (Node 24)", .first = {13, 6, 0, 0}, .last = {13, 6, ~0u, ~0u},
	 .feedback_vector_header = 48, .free_space_unit = 8, .metadata_closure = 2,
	 .code_header = 32, .code_sizes = {24, NM_V8_NONE}, .view_buffer = 32,
	 .global = "global", .global_proxy = "global", .has_shapes = true,
	 .counts_external_text = true,
	},
	{ /* 26.10.0 */
	 .name = "objects of V8 14.6 (Node 26)", .first = {14, 6, 0, 0}, .last = {14, 6, ~0u, ~0u},
	 .feedback_vector_header = 48, .free_space_unit = 8, .metadata_closure = 2,
	 .code_header = 32, .code_sizes = {24, NM_V8_NONE}, .view_buffer = 32,
	 .global = "global (global*)", .global_proxy = "global (global)",
	 .own_name_is_class = true, .has_hollow_holes = true, .has_shapes = true,
	 .counts_external_text = true,
	},
};
const size_t nm_v8_object_row_count = sizeof(nm_v8_object_rows) / sizeof(nm_v8_object_rows[0]);

#define SIZED(count_, header_, unit_) {NM_V8_COUNT_##count_, unit_, header_}

const struct nm_v8_type_sizing nm_v8_type_sizings[] = {
	{"FixedDoubleArray", SIZED(SMI, 16, 8)},
	{"WeakFixedArray", SIZED(SMI, 16, 8)},
	{"ClosureFeedbackCellArray", SIZED(SMI, 16, 8)},
	{"EmbedderDataArray", SIZED(SMI, 16, 8)},
	{"TrustedFixedArray", SIZED(SMI, 16, 8)},
	{"TrustedWeakFixedArray", SIZED(SMI, 16, 8)},
	{"ProtectedFixedArray", SIZED(SMI, 16, 8)},
	{"ProtectedWeakFixedArray", SIZED(SMI, 16, 8)},
	{"ExternalPointerArray", SIZED(SMI, 16, 8)},
	{"ByteArray", SIZED(SMI, 16, 1)},
	{"TrustedByteArray", SIZED(SMI, 16, 1)},
	{"DoubleStringCache", SIZED(U32, 16, 16)},
	{"WeakArrayList", SIZED(SMI, 24, 8)},
	{"ArrayList", SIZED(SMI, 24, 8)},
	{"DependentCode", SIZED(SMI, 24, 8)}, /* shares its number with WeakArrayList */
	{"ScriptContextTable", SIZED(SMI, 24, 8)},
	{"ObjectBoilerplateDescription", SIZED(SMI, 32, 8)},
	{"SloppyArgumentsElements", SIZED(SMI, 32, 8)},
	{"RegExpMatchInfo", SIZED(SMI, 40, 8)},
	{"PropertyArray", SIZED(PROPERTY, 16, 8)},
	{"BigInt", SIZED(BIGINT, 16, 8)},
	{"PreparseData", SIZED(PREPARSE, 16, 8)},
	{"CoverageInfo", SIZED(U32, 16, 16)},
	{NULL, {0, 0, 0}},
};

const struct nm_v8_type_kind nm_v8_type_kinds[] = {
	{"Symbol", NM_NODE_SYMBOL},
	{"BigInt", NM_NODE_BIGINT},
	{"HeapNumber", NM_NODE_NUMBER},
	{"ByteArray", NM_NODE_ARRAY},
	{"FixedDoubleArray", NM_NODE_ARRAY},
	{"JSBoundFunction", NM_NODE_CLOSURE},
	{"JSRegExp", NM_NODE_REGEXP},
	{"AllocationSite", NM_NODE_CODE},
	{"ArrayBoilerplateDescription", NM_NODE_CODE},
	{"BytecodeArray", NM_NODE_CODE},
	{"BytecodeWrapper", NM_NODE_CODE},
	{"ClosureFeedbackCellArray", NM_NODE_CODE},
	{"Code", NM_NODE_CODE},
	{"CodeDataContainer", NM_NODE_CODE},
	{"CodeWrapper", NM_NODE_CODE},
	{"FeedbackCell", NM_NODE_CODE},
	{"FeedbackMetadata", NM_NODE_CODE},
	{"FeedbackVector", NM_NODE_CODE},
	{"InstructionStream", NM_NODE_CODE},
	{"InterpreterData", NM_NODE_CODE},
	{"ObjectBoilerplateDescription", NM_NODE_CODE},
	{"PreparseData", NM_NODE_CODE},
	{"RegExpBoilerplateDescription", NM_NODE_CODE},
	{"ScopeInfo", NM_NODE_CODE},
	{"Script", NM_NODE_CODE},
	{"SharedFunctionInfo", NM_NODE_CODE},
	{"TemplateObjectDescription", NM_NODE_CODE},
	{"TrustedByteArray", NM_NODE_CODE},
	{"TrustedFixedArray", NM_NODE_CODE},
	{"UncompiledDataWithPreparseData", NM_NODE_CODE},
	{"UncompiledDataWithPreparseDataAndJob", NM_NODE_CODE},
	{"UncompiledDataWithoutPreparseData", NM_NODE_CODE},
	{"UncompiledDataWithoutPreparseDataWithJob", NM_NODE_CODE},
	{"DescriptorArray", NM_NODE_SHAPE},
	{"EnumCache", NM_NODE_SHAPE},
	{"Map", NM_NODE_SHAPE},
	{"PrototypeInfo", NM_NODE_SHAPE},
	{"StrongDescriptorArray", NM_NODE_SHAPE},
	{"TransitionArray", NM_NODE_SHAPE},
	{NULL, NM_NODE_HIDDEN},
};
/* clang-format on */
