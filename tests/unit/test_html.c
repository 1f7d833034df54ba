/*
 * test_html.c - numbers and texts in a page
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "view/html/pack.h"
#include "view/html/page.h"

static int digit_value(char digit)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *place = strchr(digits, digit);

	assert_non_null(place);
	return (int)(place - digits);
}

/* The bytes behind base64. */
static size_t decode(const char *text, size_t length, unsigned char *out)
{
	size_t used = 0;

	assert_int_equal(length % 4, 0);
	for (size_t i = 0; i < length; i += 4) {
		unsigned bits = 0;
		int padding = (text[i + 2] == '=') + (text[i + 3] == '=');

		for (int k = 0; k < 4; k++)
			bits = bits << 6 |
			       (unsigned)(k < 4 - padding ? digit_value(text[i + (size_t)k]) : 0);
		out[used++] = (unsigned char)(bits >> 16);
		if (padding < 2)
			out[used++] = (unsigned char)(bits >> 8);
		if (padding < 1)
			out[used++] = (unsigned char)bits;
	}
	return used;
}

struct packed {
	struct nm_pack pack;
	char *text;
	size_t length;
	FILE *out;
};

static void begin(struct packed *packed)
{
	packed->out = open_memstream(&packed->text, &packed->length);
	assert_non_null(packed->out);
	assert_int_equal(nm_pack_init(&packed->pack, packed->out, NULL), NM_OK);
	nm_pack_column(&packed->pack);
}

/* Returns the varints, to be freed. */
static unsigned char *end(struct packed *packed, size_t room, size_t *out_length)
{
	unsigned char *bytes, *plain = malloc(room);
	uLongf length = room;

	assert_int_equal(nm_pack_finish(&packed->pack, NULL), NM_OK);
	nm_pack_done(&packed->pack);
	fclose(packed->out);
	bytes = malloc(packed->length);
	assert_true(plain && bytes);
	assert_int_equal(
		uncompress(plain, &length, bytes, decode(packed->text, packed->length, bytes)),
		Z_OK);
	free(bytes);
	free(packed->text);
	*out_length = length;
	return plain;
}

static uint64_t next_varint(const unsigned char *bytes, size_t length, size_t *at)
{
	uint64_t value = 0;

	for (int shift = 0;; shift += 7) {
		assert_true(*at < length && shift < 64);
		value |= (uint64_t)(bytes[*at] & 0x7f) << shift;
		if (bytes[(*at)++] < 0x80)
			return value;
	}
}

static void columns_are_differences_of_what_is_known(void **state)
{
	static const unsigned char expected[] = {21, 0, 10, 1, 0, 0x81, 0x20};
	struct packed packed;
	unsigned char *plain;
	size_t length;

	(void)state;
	begin(&packed);
	nm_pack_add(&packed.pack, 10);
	nm_pack_add_unknown(&packed.pack);
	nm_pack_add(&packed.pack, 5);
	nm_pack_add(&packed.pack, 5);
	nm_pack_add(&packed.pack, UINT64_MAX);
	nm_pack_column(&packed.pack);
	nm_pack_add(&packed.pack, 2048);
	plain = end(&packed, 100, &length);
	assert_int_equal(length, sizeof(expected));
	assert_memory_equal(plain, expected, sizeof(expected));
	free(plain);
}

static void the_largest_sizes_stay_exact_in_javascript(void **state)
{
	struct packed packed;
	unsigned char *plain;
	size_t length, at = 0;

	(void)state;
	begin(&packed);
	nm_pack_add(&packed.pack, NM_PACK_MAX);
	nm_pack_add(&packed.pack, 0);
	nm_pack_add(&packed.pack, NM_PACK_MAX + 1);
	plain = end(&packed, 100, &length);
	assert_int_equal(next_varint(plain, length, &at), 2 * NM_PACK_MAX + 1);
	assert_int_equal(next_varint(plain, length, &at), 2 * NM_PACK_MAX);
	assert_int_equal(next_varint(plain, length, &at), 0);
	assert_int_equal(at, length);
	free(plain);
}

static void many_numbers_come_back(void **state)
{
	enum { COUNT = 200000 };
	struct packed packed;
	unsigned char *plain;
	size_t length, at = 0;
	int64_t last = 0;

	(void)state;
	begin(&packed);
	for (uint64_t i = 0; i < COUNT; i++)
		nm_pack_add(&packed.pack, i * UINT64_C(2654435761) % 1000003);
	plain = end(&packed, 4 * COUNT, &length);
	for (uint64_t i = 0; i < COUNT; i++) {
		const uint64_t code = next_varint(plain, length, &at) - 1;

		last += code % 2 ? -(int64_t)(code / 2 + 1) : (int64_t)(code / 2);
		assert_int_equal(last, i * UINT64_C(2654435761) % 1000003);
	}
	assert_int_equal(at, length);
	free(plain);
}

static void no_text_ends_its_element(void **state)
{
	json_t *document = json_object();
	size_t length;
	char *text;
	FILE *out = open_memstream(&text, &length);

	(void)state;
	json_object_set_new(document, "</script><!--",
			    json_string("<a>&\xe2\x80\xa8\xe2\x80\xa9\"\\\n"));
	assert_int_equal(nm_html_page_document(out, document, NULL), NM_OK);
	fclose(out);
	assert_string_equal(text,
			    "<script type=\"application/json\" id=\"document\">"
			    "{\"\\u003c/script\\u003e\\u003c!--\":"
			    "\"\\u003ca\\u003e\\u0026\\u2028\\u2029\\\"\\\\\\n\"}</script>\n");
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(columns_are_differences_of_what_is_known),
		cmocka_unit_test(the_largest_sizes_stay_exact_in_javascript),
		cmocka_unit_test(many_numbers_come_back),
		cmocka_unit_test(no_text_ends_its_element),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
