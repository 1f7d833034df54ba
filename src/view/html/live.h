/*
 * live.h - the live page of `nodemem serve`: what the build made of web/
 */
#ifndef NM_VIEW_HTML_LIVE_H
#define NM_VIEW_HTML_LIVE_H

#include <stdbool.h>

/* False where the packages of the pages could not be fetched: the texts are empty then. */
bool nm_html_live_is_built(void);

const char *nm_html_live_page(void);
const char *nm_html_live_script(void);
const char *nm_html_live_style(void);

#endif
