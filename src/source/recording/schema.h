/*
 * schema.h - the tables of a recording
 */
#ifndef NM_RECORDING_SCHEMA_H
#define NM_RECORDING_SCHEMA_H

/* In the header of the file: PRAGMA application_id, "nmem"; file(1) can tell by it. */
#define NM_RECORDING_APPLICATION 0x6e6d656d

/* PRAGMA user_version. A reader takes those up to this one. */
#define NM_RECORDING_FORMAT 1

/* Makes all tables in an empty file. */
extern const char *const nm_recording_schema;

#endif
