#include "view/html/live.h"

#include "live_page.h"
#include "live_script.h"
#include "live_style.h"

bool nm_html_live_is_built(void)
{
	return sizeof(LIVE_PAGE) > 1;
}

const char *nm_html_live_page(void)
{
	return LIVE_PAGE;
}

const char *nm_html_live_script(void)
{
	return LIVE_SCRIPT;
}

const char *nm_html_live_style(void)
{
	return LIVE_STYLE;
}
