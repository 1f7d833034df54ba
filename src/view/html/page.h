/*
 * page.h - the frame of every page: markup, style and scripts, which the build puts into the program
 *
 * A page is HEAD, elements with data, TAIL. Scripts and styles are allowed by their hashes alone, nothing is
 * loaded, and data stand in elements that no browser runs. Texts are JSON there, in which what could end
 * the element is escaped, so that no text of a target is ever markup.
 */
#ifndef NM_VIEW_HTML_PAGE_H
#define NM_VIEW_HTML_PAGE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

#include "base/error.h"

/* Was this program built with the packages of npm that the page is made of? */
bool nm_html_page_is_built(void);

void nm_html_page_begin(FILE *out);

/* An element of text that is data: what is written up to nm_html_page_end_data() must be base64. */
void nm_html_page_begin_data(FILE *out, const char *id);
void nm_html_page_end_data(FILE *out);

/* The document of the page, which is freed. NM_E_NOMEM. */
int nm_html_page_document(FILE *out, json_t *document, struct nm_error *err);

void nm_html_page_end(FILE *out);

#endif
