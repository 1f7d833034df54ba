#include "source/graph_of.h"

#include <fcntl.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "source/snapshot/read.h"
#include "source/still.h"
#include "source/v8/graph.h"

static uint64_t now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

/* Ends the still. */
static int take_graph(struct nm_still *still, const char *isolate, struct nm_graph_of *out,
		      struct nm_error *err)
{
	const uint64_t begun = now_us();
	nm_addr only;
	int status = nm_still_find_isolate(still, isolate, &only, err);

	if (status == NM_OK)
		status = nm_v8_graph_make(still->heap, &still->names, only, &out->graph, err);
	out->via = nm_via_name(still->info.via);
	out->stops = still->info.stops;
	out->stopped_us = still->info.stopped_us;
	out->longest_stop_us = still->info.longest_us;
	out->missing_bytes = still->missing_bytes;
	out->image_us = still->image_us;
	nm_still_done(still);
	out->graph_us = now_us() - begun;
	return status;
}

int nm_graph_of_process(struct nm_target *target, const struct nm_graph_options *options,
			struct nm_graph_of *out, struct nm_error *err)
{
	struct nm_still still;
	int status;

	memset(out, 0, sizeof(*out));
	status = nm_still_take(target, options->via, options->max_stop_us, &still, err);
	if (status != NM_OK)
		return status;
	out->pid = nm_target_info(target)->pid;
	return take_graph(&still, options->isolate, out, err);
}

/* How many bytes of its beginning there are. A pipe is not waited for. */
static size_t read_begin(const char *path, char *out, size_t room)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	ssize_t length = fd >= 0 ? read(fd, out, room) : 0;

	if (fd >= 0)
		close(fd);
	return length > 0 ? (size_t)length : 0;
}

bool nm_file_is_elf(const char *path)
{
	static const char magic[] = {'\177', 'E', 'L', 'F'};
	char begin[sizeof(magic)];

	return read_begin(path, begin, sizeof(begin)) == sizeof(begin) &&
	       memcmp(begin, magic, sizeof(magic)) == 0;
}

bool nm_file_is_other_json(const char *path)
{
	static const char blanks[] = " \t\r\n", first[] = "\"snapshot\"";
	char begin[256] = "";
	const char *at = begin;

	read_begin(path, begin, sizeof(begin) - 1);
	at += strspn(at, blanks);
	if (*at++ != '{')
		return false;
	at += strspn(at, blanks);
	return strncmp(at, first, sizeof(first) - 1) != 0;
}

int nm_graph_of_file(const char *path, const struct nm_graph_options *options,
		     struct nm_graph_of *out, struct nm_error *err)
{
	const uint64_t begun = now_us();
	struct nm_still still;
	int status;

	memset(out, 0, sizeof(*out));
	out->via = "";
	if (nm_file_is_elf(path)) {
		status = nm_still_open_core(path, options->exe, &still, err);
		return status == NM_OK ? take_graph(&still, options->isolate, out, err) : status;
	}
	status = nm_snapshot_read(path, &out->graph, err);
	out->graph_us = now_us() - begun;
	return status;
}

void nm_graph_of_done(struct nm_graph_of *of)
{
	nm_graph_free(of->graph);
	memset(of, 0, sizeof(*of));
}
