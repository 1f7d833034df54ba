#include "view/html/page.h"

#include "report_head.h"
#include "report_tail.h"

bool nm_html_page_is_built(void)
{
	return sizeof(REPORT_HEAD) > 1;
}

void nm_html_page_begin(FILE *out)
{
	fputs(REPORT_HEAD, out);
}

void nm_html_page_begin_data(FILE *out, const char *id)
{
	fprintf(out, "<script type=\"text/plain\" id=\"%s\">", id);
}

void nm_html_page_end_data(FILE *out)
{
	fputs("</script>\n", out);
}

/* JSON of ASCII only, in which < > & can but stand in texts. */
static int write_escaped(const char *text, size_t length, void *to)
{
	FILE *out = to;

	for (size_t i = 0; i < length; i++)
		if (text[i] == '<' || text[i] == '>' || text[i] == '&')
			fprintf(out, "\\u%04x", (unsigned)text[i]);
		else
			fputc(text[i], out);
	return 0;
}

int nm_html_page_document(FILE *out, json_t *document, struct nm_error *err)
{
	int failed;

	fputs("<script type=\"application/json\" id=\"document\">", out);
	failed = json_dump_callback(document, write_escaped, out,
				    JSON_COMPACT | JSON_ENSURE_ASCII | JSON_REAL_PRECISION(12));
	nm_html_page_end_data(out);
	json_decref(document);
	return failed ? nm_error_nomem(err) : NM_OK;
}

void nm_html_page_end(FILE *out)
{
	fputs(REPORT_TAIL, out);
}
