/*
 * words.h - sizes and times in few characters, for columns
 */
#ifndef NM_VIEW_TUI_WORDS_H
#define NM_VIEW_TUI_WORDS_H

#include <stddef.h>
#include <stdint.h>

/* "512K", "9.87M", "98.7M", "987M", "1.50G": five characters, powers of 1024. Returns `out`. */
const char *nm_words_size(uint64_t bytes, char *out, size_t room);

/* "45s", "12m05s", "3h07m", "12d04h", "5y": six characters. Returns `out`. */
const char *nm_words_time(uint64_t ms, char *out, size_t room);

#endif
