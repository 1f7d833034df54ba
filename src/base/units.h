/*
 * units.h - bytes and durations to and from text
 */
#ifndef NM_BASE_UNITS_H
#define NM_BASE_UNITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NM_KIB UINT64_C(1024)
#define NM_MIB (UINT64_C(1024) * NM_KIB)
#define NM_GIB (UINT64_C(1024) * NM_MIB)

/* "12.34": MiB with two decimals, no unit. Returns `out`. */
const char *nm_units_mib(uint64_t bytes, char *out, size_t room);

/* For sentences: "512 B", "12.3 KiB", "12.3 MiB", "1.5 GiB". Returns `out`. */
const char *nm_units_words(uint64_t bytes, char *out, size_t room);

/* "350 ms", "12.3 s", "5 min 3 s", "2 h 7 min", "3 d 4 h". Returns `out`. */
const char *nm_units_duration(uint64_t ms, char *out, size_t room);

/* "500ms", "1.5s", "2m", "1h", "7d", or a bare number of seconds. False on anything else and on
   more than 10 years. */
bool nm_units_parse_duration(const char *text, uint64_t *out_ms);

/* "512M", "1.5G", "1024k", or a bare number of bytes; powers of 1024. */
bool nm_units_parse_bytes(const char *text, uint64_t *out);

/* A whole decimal number in [min, max] and nothing else. */
bool nm_units_parse_whole(const char *text, uint64_t min, uint64_t max, uint64_t *out);

#endif
