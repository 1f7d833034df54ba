/*
 * driver.c - runs the files of a corpus folder through one fuzz target, without libFuzzer
 *
 * Each file is also cut short at every length up to CUTS, which breaks it in as many ways.
 */
#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

#define FILE_MAX (1u << 20)
#define CUTS	 4096u

/* A copy of exactly this size, so that a sanitizer sees the first byte read behind it. */
static void run_on(const unsigned char *data, size_t size)
{
	unsigned char *copy = malloc(size ? size : 1);

	if (!copy)
		abort();
	memcpy(copy, data, size);
	LLVMFuzzerTestOneInput(copy, size);
	free(copy);
}

static bool run_file(const char *folder, const char *name)
{
	static unsigned char data[FILE_MAX];
	char path[4096];
	size_t size;
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	file = fopen(path, "rb");
	if (!file) {
		perror(path);
		return false;
	}
	size = fread(data, 1, sizeof(data), file);
	fclose(file);
	run_on(data, size);
	for (size_t cut = 0; cut < size && cut < CUTS; cut++)
		run_on(data, cut);
	return true;
}

int main(int argc, char **argv)
{
	DIR *folder = argc == 2 ? opendir(argv[1]) : NULL;
	const struct dirent *entry;
	int count = 0;

	if (!folder) {
		fprintf(stderr, "usage: %s CORPUS-FOLDER\n", argv[0]);
		return 1;
	}
	while ((entry = readdir(folder)) != NULL) {
		if (entry->d_name[0] == '.')
			continue;
		if (!run_file(argv[1], entry->d_name))
			return 1;
		count++;
	}
	closedir(folder);
	printf("%d files\n", count);
	return count > 0 ? 0 : 1;
}
