#include "source/crashlog/kernel.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/units.h"

#define PID_MAX (1 << 22)
#define KIB_MAX (UINT64_MAX / NM_KIB)
/* From here on v1 means "no limit". */
#define NO_LIMIT (UINT64_C(1) << 60)

void nm_kernel_log_init(struct nm_kernel_log *log)
{
	memset(log, 0, sizeof(*log));
}

static void copy(char *out, size_t room, const char *from, size_t length)
{
	if (length >= room)
		length = room - 1;
	for (size_t i = 0; i < length; i++)
		out[i] = isprint((unsigned char)from[i]) ? from[i] : '?';
	out[length] = '\0';
}

/* "key153600kB" in bytes; 0 when it is not there. */
static uint64_t find_kib(const char *line, const char *key)
{
	const char *found = strstr(line, key), *digits;
	unsigned long long kib;

	if (!found)
		return 0;
	digits = found + strlen(key);
	if (!isdigit((unsigned char)*digits))
		return 0;
	kib = strtoull(digits, NULL, 10);
	return kib < KIB_MAX ? kib * NM_KIB : 0;
}

/* "oom-kill:constraint=CONSTRAINT_MEMCG,...,oom_memcg=/a,task_memcg=/a/b,task=node,pid=1,uid=0", since
   Linux 5.0. */
static bool read_summary(struct nm_kernel_log *log, const char *line)
{
	const char *found = strstr(line, "oom-kill:constraint="), *cgroup;

	if (!found)
		return false;
	log->next.record.is_cgroup = strstr(found, "=CONSTRAINT_MEMCG") != NULL;
	cgroup = strstr(found, "oom_memcg=");
	if (log->next.record.is_cgroup && cgroup) {
		cgroup += strlen("oom_memcg=");
		copy(log->next.cgroup, sizeof(log->next.cgroup), cgroup, strcspn(cgroup, ","));
	}
	return true;
}

/* "Task in /a/b killed as a result of limit of /a", until Linux 4.20. */
static bool read_task(struct nm_kernel_log *log, const char *line)
{
	static const char of[] = " killed as a result of limit of ";
	const char *found = strncmp(line, "Task in ", 8) == 0 ? strstr(line, of) : NULL;

	if (!found)
		return false;
	found += strlen(of);
	log->next.record.is_cgroup = true;
	copy(log->next.cgroup, sizeof(log->next.cgroup), found, strcspn(found, " "));
	return true;
}

static void read_usage(struct nm_kernel_log *log, const char *line)
{
	uint64_t limit;

	if (strncmp(line, "memory: usage ", strlen("memory: usage ")) != 0)
		return;
	limit = find_kib(line, "limit ");
	log->next.cgroup_limit = limit < NO_LIMIT ? limit : 0;
}

/* "Memory cgroup out of memory: Killed process 31300 (node) total-vm:1556848kB, anon-rss:147648kB,
   ..."; "Out of memory: Killed process 1 (node) ..."; until Linux 5.0 "Kill process 1 (node) score ..."
   and then "Killed process 1 (node) ...". */
static bool read_kill(struct nm_kernel_log *log, const char *line, struct nm_kernel_kill *out)
{
	const char *found = strstr(line, "Killed process "), *name, *end;
	struct nm_kernel_kill *next = &log->next;
	long pid;

	if (!found || !isdigit((unsigned char)found[15]))
		return false;
	pid = strtol(found + 15, (char **)&name, 10);
	if (pid < 1 || pid > PID_MAX)
		return false;
	if (strncmp(name, ", UID ", 6) == 0) /* until Linux 4.20 */
		name += 6 + strspn(name + 6, "0123456789,");
	if (strncmp(name, " (", 2) != 0)
		return false;
	name += 2;
	/* A name may have brackets itself: "next-server (v1". */
	end = strstr(name, ") total-vm:");
	if (!end)
		end = strstr(name, "), ");
	if (!end)
		end = strrchr(name, ')');
	if (!end)
		return false;
	next->pid = (pid_t)pid;
	copy(next->name, sizeof(next->name), name, (size_t)(end - name));
	next->record.is_known = true;
	next->record.is_group = log->is_group;
	next->record.anon_rss = find_kib(line, "anon-rss:");
	next->record.file_rss = find_kib(line, "file-rss:");
	next->record.shmem_rss = find_kib(line, "shmem-rss:");
	if (strstr(line, "Memory cgroup out of memory: "))
		next->record.is_cgroup = true;
	*out = log->last = *next;
	if (!log->is_group)
		memset(next, 0, sizeof(*next));
	return true;
}

bool nm_kernel_log_line(struct nm_kernel_log *log, const char *line, struct nm_kernel_kill *out)
{
	if (strstr(line, " invoked oom-killer: ")) {
		nm_kernel_log_init(log);
		return false;
	}
	if (strstr(line, "are going to be killed due to memory.oom.group set")) {
		/* The rest of the group is told without the lines before. */
		log->next = log->last;
		log->next.record.is_cgroup = true;
		log->is_group = true;
		return false;
	}
	if (read_summary(log, line) || read_task(log, line))
		return false;
	if (strstr(line, "Memory cgroup out of memory: Kill process "))
		log->next.record.is_cgroup = true;
	read_usage(log, line);
	return read_kill(log, line, out);
}
