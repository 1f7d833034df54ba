#include "source/find.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "source/proc/file.h"
#include "source/proc/find.h"
#include "source/proc/stat.h"
#include "source/v8/program.h"

/* What was found out about an executable, so that it is looked at once only. */
struct verdict {
	dev_t device;
	ino_t inode;
	bool is_node;
};

struct search {
	struct verdict *verdicts;
	size_t count;
	size_t room;
	struct nm_pid_list list;
	pid_t *hidden; /* those that call themselves node; as many as the list says */
};

/* A machine runs a few dozen different programs: no need for a hash table. */
static const struct verdict *find_verdict(const struct search *search, const struct stat *file)
{
	for (size_t i = 0; i < search->count; i++)
		if (search->verdicts[i].inode == file->st_ino &&
		    search->verdicts[i].device == file->st_dev)
			return &search->verdicts[i];
	return NULL;
}

/* Without memory for it the executable is looked at again. */
static void keep_verdict(struct search *search, const struct stat *file, bool is_node)
{
	struct verdict *verdicts;

	if (search->count == search->room) {
		size_t room = search->room ? 2 * search->room : 64;

		verdicts = realloc(search->verdicts, room * sizeof(*verdicts));
		if (!verdicts)
			return;
		search->verdicts = verdicts;
		search->room = room;
	}
	search->verdicts[search->count++] = (struct verdict){file->st_dev, file->st_ino, is_node};
}

/* NM_OK for a Node.js process, NM_E_NOT_NODE, NM_E_PERM, NM_E_GONE. */
static int judge(struct search *search, int pid_dir, pid_t pid)
{
	const struct verdict *known;
	struct nm_v8_program program;
	struct stat file;
	int status;

	if (fstatat(pid_dir, "exe", &file, 0) != 0)
		return errno == EACCES || errno == EPERM ? NM_E_PERM : NM_E_GONE;
	known = find_verdict(search, &file);
	if (known)
		return known->is_node ? NM_OK : NM_E_NOT_NODE;
	status = nm_v8_program_open(pid_dir, pid, &program, NULL);
	if (status == NM_OK)
		nm_v8_program_close(&program);
	if (status == NM_OK || status == NM_E_NOT_NODE)
		keep_verdict(search, &file, status == NM_OK);
	return status;
}

/* Was it started as "node", or by a path that ends so? All that can be said of a process which may
   not be looked at. */
static bool calls_itself_node(int pid_dir)
{
	char command[512];
	const char *base;

	nm_proc_command_read(pid_dir, command, sizeof(command));
	command[strcspn(command, " ")] = '\0';
	base = strrchr(command, '/');
	base = base ? base + 1 : command;
	return strcmp(base, "node") == 0 || strcmp(base, "nodejs") == 0;
}

static int look_at(struct search *search, int proc, pid_t pid)
{
	int pid_dir = nm_proc_open_pid(proc, pid), status;

	if (pid_dir < 0)
		return pid_dir == -EACCES || pid_dir == -EPERM ? NM_E_PERM : NM_E_GONE;
	status = judge(search, pid_dir, pid);
	if (status == NM_E_PERM && calls_itself_node(pid_dir))
		search->hidden[search->list.hidden_node++] = pid;
	close(pid_dir);
	return status;
}

int nm_find_node(struct nm_pid_list *out, struct nm_error *err)
{
	struct search search = {.verdicts = NULL};
	pid_t *pids;
	size_t count;
	int proc = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int status;

	if (proc < 0)
		return nm_error_set_errno(err, NM_E_IO, errno, "cannot open /proc");
	status = nm_proc_find(proc, &pids, &count, err);
	if (status != NM_OK) {
		close(proc);
		return status;
	}
	search.hidden = calloc(count + 1, sizeof(*search.hidden));
	if (!search.hidden) {
		close(proc);
		free(pids);
		return nm_error_nomem(err);
	}
	/* The list is made over into the list of those that are Node.js. */
	search.list.pids = pids;
	for (size_t i = 0; i < count; i++) {
		status = look_at(&search, proc, pids[i]);
		if (status == NM_OK)
			search.list.pids[search.list.count++] = pids[i];
		else if (status == NM_E_PERM)
			search.list.hidden++;
	}
	close(proc);
	if (search.list.hidden_node > 0)
		memcpy(&search.list.pids[search.list.count], search.hidden,
		       search.list.hidden_node * sizeof(pid_t));
	free(search.hidden);
	free(search.verdicts);
	*out = search.list;
	return NM_OK;
}

void nm_pid_list_done(struct nm_pid_list *list)
{
	if (!list)
		return;
	free(list->pids);
	memset(list, 0, sizeof(*list));
}

static uint64_t clock_ms(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static void describe_age(const struct nm_proc_stat *stat, struct nm_target_info *info,
			 struct nm_sample *sample)
{
	uint64_t start = stat->start_ticks * 1000 / (uint64_t)sysconf(_SC_CLK_TCK);
	uint64_t now = clock_ms(CLOCK_BOOTTIME);

	sample->time_ms = (int64_t)clock_ms(CLOCK_REALTIME);
	sample->uptime_ms = now > start ? now - start : 0;
	sample->has |= NM_HAS_UPTIME;
	info->started_ms = sample->time_ms - (int64_t)sample->uptime_ms;
}

bool nm_find_describe(pid_t pid, struct nm_target_info *info, struct nm_sample *sample)
{
	int proc = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int pid_dir = proc < 0 ? -1 : nm_proc_open_pid(proc, pid);
	struct nm_proc_stat stat;
	bool is_there;
	ssize_t length;
	char text[256];

	memset(info, 0, sizeof(*info));
	info->pid = sample->pid = pid;
	is_there = pid_dir >= 0 && nm_proc_stat_read(pid_dir, &stat) == 0 && stat.state != 'Z';
	if (is_there) {
		describe_age(&stat, info, sample);
		nm_proc_command_read(pid_dir, info->command, sizeof(info->command));
		length = readlinkat(pid_dir, "exe", info->executable, sizeof(info->executable) - 1);
		info->executable[length > 0 ? length : 0] = '\0';
		if (nm_proc_read(pid_dir, "statm", text, sizeof(text)) > 0 &&
		    nm_proc_statm_parse(text, (uint64_t)sysconf(_SC_PAGESIZE), &sample->rss) ==
			    NM_OK &&
		    sample->rss > 0)
			sample->has |= NM_HAS_RSS;
	}
	if (pid_dir >= 0)
		close(pid_dir);
	if (proc >= 0)
		close(proc);
	return is_there;
}
