#include "source/v8/layout.h"

#include <stdio.h>
#include <string.h>

#define CODE_MAX  512	/* the longest of the three functions has 354 bytes */
#define HEAP_HEAD 0x400 /* gc_state lies in the first kilobyte of the Heap */

const char *nm_v8_space_name(enum nm_v8_space space)
{
	static const char *const names[] = {
#define X(name, text) text,
		NM_V8_SPACES(X)
#undef X
	};

	return names[space];
}

bool nm_v8_space_is_large(enum nm_v8_space space)
{
	return space >= NM_V8_SPACE_NEW_LARGE;
}

bool nm_v8_space_find(const char *name, enum nm_v8_space *out)
{
	for (int i = 0; i < NM_V8_SPACE_COUNT; i++) {
		if (strcmp(name, nm_v8_space_name((enum nm_v8_space)i)) != 0)
			continue;
		*out = (enum nm_v8_space)i;
		return true;
	}
	return false;
}

int nm_v8_version_compare(const struct nm_v8_version *a, const struct nm_v8_version *b)
{
	const uint32_t left[] = {a->major, a->minor, a->build, a->patch};
	const uint32_t right[] = {b->major, b->minor, b->build, b->patch};

	for (size_t i = 0; i < 4; i++)
		if (left[i] != right[i])
			return left[i] < right[i] ? -1 : 1;
	return 0;
}

bool nm_v8_version_parse(const char *text, struct nm_v8_version *out)
{
	struct nm_v8_version version;

	if (sscanf(text, "%9u.%9u.%9u.%9u", &version.major, &version.minor, &version.build,
		   &version.patch) != 4)
		return false;
	*out = version;
	return true;
}

struct nm_v8_version nm_v8_oldest(void)
{
	return nm_v8_layouts[0].first;
}

const struct nm_v8_layout *nm_v8_layout_find(const struct nm_v8_version *version)
{
	for (size_t i = 0; i < nm_v8_layout_count; i++)
		if (nm_v8_version_compare(version, &nm_v8_layouts[i].first) >= 0 &&
		    nm_v8_version_compare(version, &nm_v8_layouts[i].last) <= 0)
			return &nm_v8_layouts[i];
	return NULL;
}

/*
 * The three functions. Each reads a word of the Isolate or takes an address in it, `this` being
 * in %rdi; the compilers of Node 16 to 26 (gcc, later clang) agree on the instruction used.
 */
static const char get_heap_statistics[] = "_ZN2v87Isolate17GetHeapStatisticsEPNS_14HeapStatisticsE";
static const char get_array_buffer_allocator[] = "_ZN2v87Isolate23GetArrayBufferAllocatorEv";
static const char adjust_external_memory[] =
	"_ZN2v87Isolate37AdjustAmountOfExternalAllocatedMemoryEl";

struct code {
	unsigned char bytes[CODE_MAX];
	size_t size;
};

static bool read_code(const struct nm_elf *elf, const char *name, struct code *out)
{
	struct nm_elf_symbol symbol;
	size_t room = sizeof(out->bytes);

	if (!nm_elf_symbol(elf, name, &symbol))
		return false;
	if (symbol.size > 0 && symbol.size < room)
		room = symbol.size;
	out->size = nm_elf_code(elf, symbol.addr, out->bytes, room);
	return out->size > 0;
}

static int32_t read_offset(const unsigned char *at)
{
	int32_t offset;

	memcpy(&offset, at, sizeof(offset));
	return offset;
}

/* lea offset(%rdi), %reg */
static int32_t find_lea(const struct code *code)
{
	for (size_t i = 0; i + 7 <= code->size; i++)
		if ((code->bytes[i] & 0xfb) == 0x48 && code->bytes[i + 1] == 0x8d &&
		    (code->bytes[i + 2] & 0xc7) == 0x87)
			return read_offset(code->bytes + i + 3);
	return NM_V8_NONE;
}

/* mov offset(%rdi), %rax */
static int32_t find_load(const struct code *code)
{
	for (size_t i = 0; i + 7 <= code->size; i++)
		if (memcmp(code->bytes + i, "\x48\x8b\x87", 3) == 0)
			return read_offset(code->bytes + i + 3);
	return NM_V8_NONE;
}

/* mov offset(%base), %reg32; test %reg32, %reg32, with the offset near the Heap's. */
static int32_t find_tested_load(const struct code *code, int32_t near)
{
	for (size_t i = 0; i + 10 <= code->size; i++) {
		const unsigned char *at = code->bytes + i;
		unsigned reg = at[1] >> 3 & 7;
		/* A base of %r12 needs one byte more. */
		size_t at_offset = (at[1] & 7) == 4 ? 3 : 2;
		int32_t offset = read_offset(at + at_offset);

		if (at[0] == 0x8b && (at[1] & 0xc0) == 0x80 && at[at_offset + 4] == 0x85 &&
		    at[at_offset + 5] == (0xc0 | reg << 3 | reg) && offset > near &&
		    offset < near + HEAP_HEAD)
			return offset;
	}
	return NM_V8_NONE;
}

int32_t nm_v8_code_isolate_heap(const struct nm_elf *elf)
{
	struct code code;

	return read_code(elf, get_heap_statistics, &code) ? find_lea(&code) : NM_V8_NONE;
}

int nm_v8_layout_complete(struct nm_v8_layout *layout, const struct nm_elf *elf,
			  struct nm_error *err)
{
	struct code code;
	int32_t gc_state;

	if (layout->isolate_heap == NM_V8_BINARY)
		layout->isolate_heap = nm_v8_code_isolate_heap(elf);
	if (layout->isolate_allocator == NM_V8_BINARY)
		layout->isolate_allocator = read_code(elf, get_array_buffer_allocator, &code)
						    ? find_load(&code)
						    : NM_V8_NONE;
	if (layout->isolate_heap <= 0 || layout->isolate_allocator <= 0)
		return nm_error_set(err, NM_E_UNSUPPORTED,
				    "cannot read the layout of %s from the program: its functions "
				    "look different (nodemem calibrate learns it)",
				    layout->name);
	gc_state = read_code(elf, adjust_external_memory, &code)
			   ? find_tested_load(&code, layout->isolate_heap)
			   : NM_V8_NONE;
	if (gc_state != NM_V8_NONE)
		gc_state -= layout->isolate_heap;
	if (layout->heap_gc_state == NM_V8_BINARY)
		layout->heap_gc_state = gc_state;
	if (layout->heap_gc_state == NM_V8_NONE)
		return nm_error_set(err, NM_E_UNSUPPORTED,
				    "cannot read from the program where %s has the state of its "
				    "collector",
				    layout->name);
	/* The row is for the release; where the code tells too, both must agree. */
	if (gc_state != NM_V8_NONE && gc_state != layout->heap_gc_state)
		return nm_error_set(err, NM_E_UNSUPPORTED,
				    "%s has the state of its collector elsewhere in this program "
				    "than in the layout table (nodemem calibrate learns it)",
				    layout->name);
	return NM_OK;
}
