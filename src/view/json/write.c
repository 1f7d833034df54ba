#include "view/json/write.h"

#include <string.h>

json_t *nm_json_number(bool known, uint64_t value)
{
	return known && value <= INT64_MAX ? json_integer((json_int_t)value) : json_null();
}

json_t *nm_json_foreign(const char *text)
{
	json_t *string = json_string(text);
	char plain[1024];
	size_t i;

	if (string)
		return string;
	for (i = 0; text[i] && i < sizeof(plain) - 1; i++)
		plain[i] = (unsigned char)text[i] < 0x80 ? text[i] : '?';
	plain[i] = '\0';
	return json_string(plain);
}

json_t *nm_json_text(const char *text)
{
	return text[0] ? nm_json_foreign(text) : json_null();
}

void nm_json_write(FILE *out, json_t *document)
{
	json_dumpf(document, out, JSON_COMPACT | JSON_REAL_PRECISION(9));
	fputc('\n', out);
	fflush(out);
	json_decref(document);
}

json_t *nm_json_document(const char *schema)
{
	json_t *document = json_object();

	json_object_set_new(document, "schema", json_string(schema));
	return document;
}
