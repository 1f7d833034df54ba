/*
 * tree.h - a small file tree that lives as long as one test
 */
#ifndef NM_TEST_TREE_H
#define NM_TEST_TREE_H

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct tree_file {
	const char *path; /* "proc/100/stat"; NULL ends a list */
	const char *text; /* NULL makes a folder */
};

static inline void tree_add(const char *dir, const char *path, const char *text, size_t size)
{
	char name[512];
	int fd;

	snprintf(name, sizeof(name), "%s/%s", dir, path);
	for (char *slash = name + strlen(dir) + 1; (slash = strchr(slash, '/')); *slash++ = '/') {
		*slash = '\0';
		mkdir(name, 0700);
	}
	if (!text) {
		mkdir(name, 0700);
		return;
	}
	fd = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	if (fd < 0 || write(fd, text, size) != (ssize_t)size)
		abort();
	close(fd);
}

/* `dir` is overwritten with the tree's path. Returns the tree as an open folder. */
static inline int tree_make(char dir[64], const struct tree_file *files)
{
	snprintf(dir, 64, "/tmp/nodemem-test-XXXXXX");
	if (!mkdtemp(dir))
		abort();
	for (; files && files->path; files++)
		tree_add(dir, files->path, files->text, files->text ? strlen(files->text) : 0);
	return open(dir, O_RDONLY | O_DIRECTORY);
}

static inline int tree_remove_one(const char *path, const struct stat *st, int type,
				  struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static inline void tree_remove(const char *dir)
{
	nftw(dir, tree_remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

#endif
