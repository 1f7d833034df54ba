#include "cmd/progress.h"

#include <dirent.h>
#include <inttypes.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/units.h"

#define FIRST_MS 1000
#define NEXT_MS	 200
#define CLEAR	 "\r\033[K"

/* The place in an open file, by its number; -1 when that is not told. */
static int64_t read_place(const char *fd)
{
	char name[300];
	int64_t place = -1;
	FILE *info;

	snprintf(name, sizeof(name), "/proc/self/fdinfo/%s", fd);
	info = fopen(name, "re");
	if (!info)
		return -1;
	if (fscanf(info, "pos: %" SCNd64, &place) != 1)
		place = -1;
	fclose(info);
	return place;
}

/* How far the file has been read, from 0 to 1; negative when nobody reads it. */
static double find_part(const char *path)
{
	struct stat wanted, one;
	DIR *fds = opendir("/proc/self/fd");
	struct dirent *entry;
	double part = -1;

	if (!fds)
		return -1;
	if (stat(path, &wanted) == 0 && wanted.st_size > 0)
		while (part < 0 && (entry = readdir(fds)) != NULL) {
			const int fd = (int)strtol(entry->d_name, NULL, 10);

			if (fd > 2 && fstat(fd, &one) == 0 && one.st_ino == wanted.st_ino &&
			    one.st_dev == wanted.st_dev)
				part = (double)read_place(entry->d_name) / (double)wanted.st_size;
		}
	closedir(fds);
	return part;
}

static void show_written(const struct nm_progress *progress)
{
	char name[PATH_MAX + 8], size[32];
	struct stat file;

	snprintf(name, sizeof(name), "%s.part", progress->path);
	if (stat(name, &file) == 0)
		fprintf(stderr, CLEAR "%s %s: %s", progress->doing, progress->path,
			nm_units_words((uint64_t)file.st_size, size, sizeof(size)));
}

static void show(const struct nm_progress *progress)
{
	double part;

	if (!progress->path) {
		fprintf(stderr, CLEAR "%s", progress->doing);
	} else if (progress->is_written) {
		show_written(progress);
	} else {
		part = find_part(progress->path);
		if (part >= 0 && part < 1)
			fprintf(stderr, CLEAR "%s %s: %.0f %%", progress->doing, progress->path,
				100 * part);
		else
			fprintf(stderr, CLEAR "%s %s", progress->doing, progress->path);
	}
	fflush(stderr);
}

static struct timespec after_ms(unsigned ms)
{
	struct timespec time;

	clock_gettime(CLOCK_REALTIME, &time);
	time.tv_nsec += (long)(ms % 1000) * 1000000;
	time.tv_sec += ms / 1000 + time.tv_nsec / 1000000000;
	time.tv_nsec %= 1000000000;
	return time;
}

static void *run(void *context)
{
	struct nm_progress *progress = context;
	unsigned wait_ms = FIRST_MS;

	pthread_mutex_lock(&progress->lock);
	while (!progress->is_over) {
		const struct timespec until = after_ms(wait_ms);

		if (pthread_cond_timedwait(&progress->end, &progress->lock, &until) == 0 ||
		    progress->is_over)
			continue;
		show(progress);
		progress->has_shown = true;
		wait_ms = NEXT_MS;
	}
	pthread_mutex_unlock(&progress->lock);
	return NULL;
}

void nm_progress_begin(struct nm_progress *progress, const char *doing, const char *path,
		       bool is_written)
{
	memset(progress, 0, sizeof(*progress));
	progress->doing = doing;
	progress->path = path;
	progress->is_written = is_written;
	if (!isatty(STDERR_FILENO))
		return;
	pthread_mutex_init(&progress->lock, NULL);
	pthread_cond_init(&progress->end, NULL);
	progress->is_running = pthread_create(&progress->thread, NULL, run, progress) == 0;
}

void nm_progress_end(struct nm_progress *progress)
{
	if (!progress->is_running)
		return;
	pthread_mutex_lock(&progress->lock);
	progress->is_over = true;
	pthread_cond_signal(&progress->end);
	pthread_mutex_unlock(&progress->lock);
	pthread_join(progress->thread, NULL);
	pthread_mutex_destroy(&progress->lock);
	pthread_cond_destroy(&progress->end);
	if (progress->has_shown)
		fputs(CLEAR, stderr);
	progress->is_running = false;
}
