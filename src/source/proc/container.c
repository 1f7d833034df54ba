#include "source/proc/container.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "source/proc/file.h"

#define ID_LENGTH  64
#define UID_LENGTH 36
#define TEXT_MAX   (64 << 10)

/* As long as they are. */
static size_t count_hex(const char *text)
{
	size_t count = 0;

	while (isdigit((unsigned char)text[count]) || (text[count] >= 'a' && text[count] <= 'f'))
		count++;
	return count;
}

static bool is_word(const char *name, size_t length, const char *word)
{
	return length == strlen(word) && memcmp(name, word, length) == 0;
}

/* Docker's, containerd's, CRI-O's and podman's groups under systemd: "docker-ID.scope". */
static const char *skip_runtime(const char *name)
{
	static const char *const prefixes[] = {"docker-", "cri-containerd-", "crio-", "libpod-"};

	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++)
		if (strncmp(name, prefixes[i], strlen(prefixes[i])) == 0)
			return name + strlen(prefixes[i]);
	return NULL;
}

/* A group that is a container: "docker-ID.scope"; or, without systemd, just ID below "docker" or a pod. */
static bool take_id(const char *name, size_t length, bool is_below, struct nm_container *out)
{
	const char *id = skip_runtime(name);
	const char *end = id ? id + ID_LENGTH : name + ID_LENGTH;

	if (!id && !is_below)
		return false;
	id = id ? id : name;
	if (count_hex(id) != ID_LENGTH)
		return false;
	if (end != name + length && !is_word(end, (size_t)(name + length - end), ".scope"))
		return false;
	memcpy(out->id, id, ID_LENGTH);
	out->id[ID_LENGTH] = '\0';
	return true;
}

/* "pod8F...", or "kubepods-burstable-pod8f....slice", in which the dashes of the uid are underlines. */
static bool take_pod(const char *name, size_t length, struct nm_container *out)
{
	const char *at = name;
	char uid[UID_LENGTH + 1];

	if (strncmp(name, "kubepods", 8) == 0) {
		at = memmem(name, length, "-pod", 4);
		if (!at)
			return false;
		at++;
	}
	if (strncmp(at, "pod", 3) != 0 || (size_t)(name + length - at) < 3 + UID_LENGTH)
		return false;
	at += 3;
	for (size_t i = 0; i < UID_LENGTH; i++) {
		const bool is_dash = i == 8 || i == 13 || i == 18 || i == 23;

		if (is_dash ? at[i] != '-' && at[i] != '_' : count_hex(&at[i]) == 0)
			return false;
		uid[i] = is_dash ? '-' : at[i];
	}
	at += UID_LENGTH;
	if (at != name + length && !is_word(at, (size_t)(name + length - at), ".slice"))
		return false;
	memcpy(out->pod, uid, UID_LENGTH);
	out->pod[UID_LENGTH] = '\0';
	return true;
}

/* The path of one group, up to the end of its line. */
static void parse_path(const char *path, size_t length, struct nm_container *out)
{
	const char *end = path + length;
	bool is_below = false;

	while (path < end) {
		const char *slash = memchr(path, '/', (size_t)(end - path));
		const size_t name = (size_t)((slash ? slash : end) - path);

		if (!take_id(path, name, is_below, out))
			is_below = take_pod(path, name, out) || is_word(path, name, "docker");
		path += name + 1;
	}
}

void nm_container_parse(const char *text, struct nm_container *out)
{
	memset(out, 0, sizeof(*out));
	for (const char *line = text; *line;) {
		const size_t length = strcspn(line, "\n");
		const char *colon = memchr(line, ':', length);
		struct nm_container found = {"", ""};

		colon = colon ? memchr(colon + 1, ':', length - (size_t)(colon + 1 - line)) : NULL;
		if (colon)
			parse_path(colon + 1, length - (size_t)(colon + 1 - line), &found);
		if (found.id[0] && !out->id[0])
			memcpy(out->id, found.id, sizeof(out->id));
		if (found.pod[0] && !out->pod[0])
			memcpy(out->pod, found.pod, sizeof(out->pod));
		line += length + (line[length] == '\n');
	}
}

void nm_container_read(int proc, pid_t pid, struct nm_container *out)
{
	struct nm_strbuf text;
	char name[32];

	memset(out, 0, sizeof(*out));
	snprintf(name, sizeof(name), "%d/cgroup", (int)pid);
	nm_strbuf_init(&text, TEXT_MAX);
	if (nm_proc_read_all(proc, name, &text) == 0)
		nm_container_parse(nm_strbuf_get(&text), out);
	nm_strbuf_done(&text);
}
