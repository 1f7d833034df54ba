#include "model/heap/constructors.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "model/heap/detached.h"
#include "model/heap/node_text.h"
#include "model/heap/tree.h"

#define NO_CLASS UINT32_MAX

/* A class while the nodes are grouped: by the number of its name. */
struct proto {
	uint32_t name;
	bool has_location;
	uint32_t script_id, line, column;
};

struct builder {
	const struct nm_graph *graph;
	struct nm_constructors *out;
	struct proto *protos;
	uint32_t count, room;
	uint32_t *slots; /* hash to class + 1 */
	uint32_t mask;
	/* Classes looked up already, or NO_CLASS. */
	uint32_t of_kind[NM_NODE_KIND_COUNT];
	uint32_t *of_name;  /* of objects, by the graph's names */
	uint32_t *of_shape; /* of plain objects */
	struct nm_shapes shapes;
	uint8_t *detached; /* may be NULL */
};

/* ---- classes by number ---------------------------------------------------------------------- */

static uint64_t hash_proto(const struct proto *proto)
{
	uint64_t hash = nm_hash_word(0, proto->name);

	if (!proto->has_location)
		return hash;
	hash = nm_hash_word(hash, (uint64_t)proto->script_id << 32 | proto->line);
	return nm_hash_word(hash, proto->column + UINT64_C(1));
}

static bool is_same_proto(const struct proto *a, const struct proto *b)
{
	return a->name == b->name && a->has_location == b->has_location &&
	       a->script_id == b->script_id && a->line == b->line && a->column == b->column;
}

static uint32_t find_slot(const struct builder *builder, const struct proto *proto)
{
	uint32_t at = (uint32_t)hash_proto(proto) & builder->mask;

	while (builder->slots[at] != 0 &&
	       !is_same_proto(&builder->protos[builder->slots[at] - 1], proto))
		at = (at + 1) & builder->mask;
	return at;
}

/* Room for one more class, the table at most half full. */
static bool reserve_proto(struct builder *builder)
{
	const uint32_t room = builder->room ? 2 * builder->room : 256;
	struct proto *protos;
	uint32_t *slots;

	if (builder->count < builder->room)
		return true;
	protos = realloc(builder->protos, room * sizeof(*protos));
	if (protos)
		builder->protos = protos;
	slots = calloc(2 * (size_t)room, sizeof(*slots));
	if (!protos || !slots) {
		free(slots);
		return false;
	}
	free(builder->slots);
	builder->slots = slots;
	builder->mask = 2 * room - 1;
	builder->room = room;
	for (uint32_t i = 0; i < builder->count; i++)
		slots[find_slot(builder, &protos[i])] = i + 1;
	return true;
}

/* NO_CLASS: out of memory. */
static uint32_t class_of_proto(struct builder *builder, const struct proto *proto)
{
	uint32_t at;

	if (proto->name == NM_INTERN_NONE || !reserve_proto(builder))
		return NO_CLASS;
	at = find_slot(builder, proto);
	if (builder->slots[at] == 0) {
		builder->protos[builder->count++] = *proto;
		builder->slots[at] = builder->count;
	}
	return builder->slots[at] - 1;
}

static uint32_t class_named(struct builder *builder, const char *name, size_t length)
{
	const struct proto proto = {.name = nm_intern_add(&builder->out->names, name, length)};

	return class_of_proto(builder, &proto);
}

/* ---- the class of a node -------------------------------------------------------------------- */

/* Elements of a document are named <tag id="...">: the class is <tag>. */
static uint32_t class_of_text(struct builder *builder, const char *text, size_t length)
{
	static const char detached[] = "Detached <";
	const size_t prefix =
		length > 0 && text[0] == '<' ? 1
		: length >= strlen(detached) && memcmp(text, detached, strlen(detached)) == 0
			? strlen(detached)
			: 0;
	const char *space = prefix > 0 ? memchr(text + prefix, ' ', length - prefix) : NULL;
	struct nm_strbuf name;
	uint32_t class;

	if (!space)
		return class_named(builder, text, length);
	nm_strbuf_init(&name, SIZE_MAX / 2);
	nm_strbuf_add(&name, text, (size_t)(space - text));
	nm_strbuf_adds(&name, ">");
	class = name.failed ? NO_CLASS : class_named(builder, name.text, name.length);
	nm_strbuf_done(&name);
	return class;
}

static uint32_t class_of_detached(struct builder *builder, uint32_t name)
{
	struct nm_strbuf text;
	size_t length;
	const char *plain = nm_intern_get(&builder->graph->names, name, &length);
	uint32_t class;

	nm_strbuf_init(&text, SIZE_MAX / 2);
	nm_strbuf_adds(&text, "Detached ");
	nm_strbuf_add(&text, plain, length);
	class = text.failed ? NO_CLASS : class_of_text(builder, text.text, text.length);
	nm_strbuf_done(&text);
	return class;
}

/* Of a kind whose nodes are not told apart. */
static uint32_t class_of_kind(struct builder *builder, enum nm_node_kind kind)
{
	uint32_t *known = &builder->of_kind[kind];

	if (*known == NO_CLASS) {
		/* DevTools has names of its own for these; the table's are those of older ones. */
		const char *name = kind == NM_NODE_CLOSURE  ? "Function"
				   : kind == NM_NODE_REGEXP ? "RegExp"
							    : nm_node_kind_class(kind);

		*known = class_named(builder, name, strlen(name));
	}
	return *known;
}

static uint32_t class_of_name(struct builder *builder, uint32_t name)
{
	uint32_t *known = &builder->of_name[name];

	if (*known == NO_CLASS) {
		size_t length;
		const char *text = nm_intern_get(&builder->graph->names, name, &length);

		*known = class_of_text(builder, text, length);
	}
	return *known;
}

/* Of any node but a plain object. */
static uint32_t class_of_node(struct builder *builder, nm_node node)
{
	const enum nm_node_kind kind = (enum nm_node_kind)builder->graph->kind[node];

	if (kind != NM_NODE_OBJECT && kind != NM_NODE_NATIVE)
		return class_of_kind(builder, kind);
	if (builder->detached && builder->detached[node] == NM_DETACHED)
		return class_of_detached(builder, builder->graph->name[node]);
	return class_of_name(builder, builder->graph->name[node]);
}

/* ---- all nodes ------------------------------------------------------------------------------ */

/* The class of each shape of plain objects. */
static int name_shapes(struct builder *builder, struct nm_error *err)
{
	const struct nm_shapes *shapes = &builder->shapes;
	const struct nm_interfaces *interfaces = builder->out->interfaces;
	int rc;

	builder->of_shape = calloc(shapes->count + (size_t)1, sizeof(*builder->of_shape));
	if (!builder->of_shape)
		return nm_error_nomem(err);
	rc = nm_interfaces_match(interfaces, shapes, builder->of_shape, err);
	for (uint32_t i = 0; i < shapes->count && rc == NM_OK; i++) {
		size_t length = strlen("Object");
		const char *name = "Object";

		if (builder->of_shape[i] != NM_NO_INTERFACE)
			name = nm_intern_get(&interfaces->names,
					     interfaces->items[builder->of_shape[i]].name, &length);
		builder->of_shape[i] = class_named(builder, name, length);
		if (builder->of_shape[i] == NO_CLASS)
			rc = nm_error_nomem(err);
	}
	return rc;
}

static bool class_nodes(struct builder *builder)
{
	const struct nm_graph *graph = builder->graph;
	uint32_t *class_of = builder->out->class_of;
	uint32_t plain = 0;

	for (nm_node node = 0; node < graph->node_count; node++) {
		if (nm_is_plain_object(graph, node))
			class_of[node] = builder->of_shape[builder->shapes.of[plain++]];
		else
			class_of[node] = class_of_node(builder, node);
		if (class_of[node] == NO_CLASS)
			return false;
	}
	return true;
}

/* Objects of which is known where their class is written. The last location of a node counts. */
static bool class_located(struct builder *builder)
{
	const struct nm_graph *graph = builder->graph;
	uint32_t *class_of = builder->out->class_of;

	for (uint32_t i = 0; i < graph->location_count; i++) {
		const struct nm_graph_location *location = &graph->locations[i];
		struct proto proto = {.has_location = true,
				      .script_id = location->script_id,
				      .line = location->line,
				      .column = location->column};

		if (location->node >= graph->node_count ||
		    graph->kind[location->node] != NM_NODE_OBJECT)
			continue;
		proto.name = builder->protos[class_of[location->node]].name;
		class_of[location->node] = class_of_proto(builder, &proto);
		if (class_of[location->node] == NO_CLASS)
			return false;
	}
	return true;
}

static int group(struct builder *builder, const struct nm_interfaces *interfaces,
		 struct nm_error *err)
{
	struct nm_constructors *out = builder->out;
	const uint32_t names = builder->graph->names.count;
	int rc = nm_shapes_make(&builder->shapes, builder->graph, err);

	if (rc == NM_OK && !interfaces)
		rc = nm_interfaces_infer(&builder->shapes, &out->own_interfaces, err);
	out->interfaces = interfaces ? interfaces : out->own_interfaces;
	if (rc == NM_OK)
		rc = name_shapes(builder, err);
	if (rc == NM_OK)
		rc = nm_detached_make(builder->graph, &builder->detached, err);
	if (rc != NM_OK)
		return rc;
	builder->of_name = malloc((names + (size_t)1) * sizeof(*builder->of_name));
	out->class_of = malloc(builder->graph->node_count * sizeof(*out->class_of));
	if (!builder->of_name || !out->class_of)
		return nm_error_nomem(err);
	memset(builder->of_name, 0xff, names * sizeof(*builder->of_name));
	memset(builder->of_kind, 0xff, sizeof(builder->of_kind));
	if (!class_nodes(builder) || !class_located(builder))
		return nm_error_nomem(err);
	return NM_OK;
}

/* ---- rows ----------------------------------------------------------------------------------- */

static void sum_up(struct nm_constructors *out)
{
	const struct nm_heap *heap = out->heap;

	for (nm_node node = 0; node < heap->graph->node_count; node++) {
		struct nm_constructor *row = &out->rows[out->class_of[node]];

		if (!nm_constructors_counts(out, node))
			continue;
		if (row->count == 0 || heap->distance[node] < row->distance)
			row->distance = heap->distance[node];
		row->count++;
		row->shallow += heap->shallow[node];
	}
}

/* Walk the dominator tree, remembering by which node, + 1, each class was entered: what is below it and of
   that class is in its retained size already. */
static bool sum_up_retained(struct nm_constructors *out, struct nm_error *err)
{
	const struct nm_heap *heap = out->heap;
	nm_node *entered = calloc(out->class_count + (size_t)1, sizeof(*entered)), at = 0;
	struct nm_tree tree = {0};
	uint32_t *next = NULL;
	bool is_good = entered && nm_tree_make(&tree, heap->dominator, heap->graph->node_count);

	if (is_good)
		next = malloc(heap->graph->node_count * sizeof(*next));
	is_good = is_good && next;
	if (is_good)
		memcpy(next, tree.first, heap->graph->node_count * sizeof(*next));
	/* Down to the next child, or up when there is none. Each node is come down to once. */
	for (bool is_new = true; is_good;) {
		const uint32_t class = out->class_of[at];

		if (is_new && entered[class] == 0 && nm_constructors_counts(out, at)) {
			out->rows[class].retained += heap->retained[at];
			entered[class] = at + 1;
		}
		is_new = next[at] < tree.first[at + 1];
		if (is_new) {
			at = tree.children[next[at]++];
			continue;
		}
		if (entered[class] == at + 1)
			entered[class] = 0;
		if (at == 0)
			break;
		at = heap->dominator[at];
	}
	nm_tree_done(&tree);
	free(entered);
	free(next);
	if (!is_good)
		nm_error_nomem(err);
	return is_good;
}

static int compare_u32(uint32_t a, uint32_t b)
{
	return (a > b) - (a < b);
}

int nm_class_key_compare(const struct nm_class_key *a, const struct nm_class_key *b)
{
	const int by_text = memcmp(a->name, b->name, a->length < b->length ? a->length : b->length);

	if (by_text != 0)
		return by_text;
	if (a->length != b->length)
		return a->length < b->length ? -1 : 1;
	if (a->has_location != b->has_location)
		return a->has_location ? 1 : -1;
	if (a->script_id != b->script_id)
		return compare_u32(a->script_id, b->script_id);
	if (a->line != b->line)
		return compare_u32(a->line, b->line);
	return compare_u32(a->column, b->column);
}

uint64_t nm_class_key_hash(const struct nm_class_key *key)
{
	uint64_t hash = nm_hash_bytes(key->has_location, key->name, key->length);

	hash = nm_hash_word(hash, (uint64_t)key->script_id << 32 | key->line);
	return nm_hash_word(hash, key->column);
}

void nm_class_key_write(struct nm_strbuf *out, const struct nm_class_key *key)
{
	if (key->has_location)
		nm_strbuf_addf(out, "%u,%u,%u", key->script_id, key->line, key->column);
	nm_strbuf_adds(out, ",");
	nm_strbuf_add(out, key->name, key->length);
}

struct numbered {
	struct nm_constructor row;
	uint32_t class;
};

static int largest_first(const void *a, const void *b)
{
	const struct nm_constructor *left = &((const struct numbered *)a)->row;
	const struct nm_constructor *right = &((const struct numbered *)b)->row;

	if ((left->count == 0) != (right->count == 0))
		return left->count == 0 ? 1 : -1;
	if (left->retained != right->retained)
		return left->retained > right->retained ? -1 : 1;
	if (left->shallow != right->shallow)
		return left->shallow > right->shallow ? -1 : 1;
	return nm_class_key_compare(&left->key, &right->key);
}

/* Put the rows in order, and give the nodes the new numbers. */
static bool sort_rows(struct nm_constructors *out)
{
	struct numbered *sorted = malloc((out->class_count + (size_t)1) * sizeof(*sorted));
	uint32_t *place = calloc(out->class_count + (size_t)1, sizeof(*place));
	const bool is_good = sorted && place;

	if (is_good) {
		for (uint32_t i = 0; i < out->class_count; i++)
			sorted[i] = (struct numbered){out->rows[i], i};
		qsort(sorted, out->class_count, sizeof(*sorted), largest_first);
		for (uint32_t i = 0; i < out->class_count; i++) {
			out->rows[i] = sorted[i].row;
			out->count += out->rows[i].count > 0;
			place[sorted[i].class] = i;
		}
		for (nm_node node = 0; node < out->heap->graph->node_count; node++)
			out->class_of[node] = place[out->class_of[node]];
	}
	free(sorted);
	free(place);
	return is_good;
}

static int fill_rows(struct nm_constructors *out, const struct proto *protos, uint32_t count,
		     struct nm_error *err)
{
	out->rows = calloc(count + (size_t)1, sizeof(*out->rows));
	if (!out->rows)
		return nm_error_nomem(err);
	out->class_count = count;
	for (uint32_t i = 0; i < count; i++) {
		struct nm_class_key *key = &out->rows[i].key;

		key->name = nm_intern_get(&out->names, protos[i].name, &key->length);
		key->has_location = protos[i].has_location;
		key->script_id = protos[i].script_id;
		key->line = protos[i].line;
		key->column = protos[i].column;
	}
	sum_up(out);
	if (!sum_up_retained(out, err))
		return NM_E_NOMEM;
	return sort_rows(out) ? NM_OK : nm_error_nomem(err);
}

int nm_constructors_make(const struct nm_heap *heap, const struct nm_interfaces *interfaces,
			 struct nm_constructors **out, struct nm_error *err)
{
	struct builder builder = {.graph = heap->graph};
	int rc;

	builder.out = calloc(1, sizeof(*builder.out));
	if (!builder.out)
		return nm_error_nomem(err);
	builder.out->heap = heap;
	rc = group(&builder, interfaces, err);
	if (rc == NM_OK)
		rc = fill_rows(builder.out, builder.protos, builder.count, err);
	free(builder.protos);
	free(builder.slots);
	free(builder.of_name);
	free(builder.of_shape);
	free(builder.detached);
	nm_shapes_done(&builder.shapes);
	if (rc == NM_OK)
		*out = builder.out;
	else
		nm_constructors_free(builder.out);
	return rc;
}

void nm_constructors_free(struct nm_constructors *constructors)
{
	if (!constructors)
		return;
	free(constructors->rows);
	free(constructors->class_of);
	nm_interfaces_free(constructors->own_interfaces);
	nm_intern_done(&constructors->names);
	free(constructors);
}
