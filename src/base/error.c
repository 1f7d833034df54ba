#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const char *nm_status_name(int code)
{
	switch (code) {
#define X(name, value, text) \
	case value:          \
		return text;
		NM_STATUS_LIST(X)
#undef X
	}
	return "unknown";
}

NM_PRINTF(4, 0)
static void fill(struct nm_error *err, int code, int os_errno, const char *format, va_list args)
{
	int used;

	err->code = code;
	err->os_errno = os_errno;
	err->offset = 0;
	used = vsnprintf(err->message, sizeof(err->message), format, args);
	if (os_errno != 0 && used > 0 && (size_t)used < sizeof(err->message))
		snprintf(err->message + used, sizeof(err->message) - (size_t)used, ": %s",
			 strerror(os_errno));
}

int nm_error_set(struct nm_error *err, int code, const char *format, ...)
{
	va_list args;

	if (err) {
		va_start(args, format);
		fill(err, code, 0, format, args);
		va_end(args);
	}
	return code;
}

int nm_error_set_errno(struct nm_error *err, int code, int os_errno, const char *format, ...)
{
	va_list args;

	if (err) {
		va_start(args, format);
		fill(err, code, os_errno, format, args);
		va_end(args);
	}
	return code;
}

int nm_error_nomem(struct nm_error *err)
{
	return nm_error_set(err, NM_E_NOMEM, "out of memory");
}
