#include "source/proc/listen.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/units.h"
#include "source/proc/file.h"

#define TABLE_MAX	(UINT64_C(16) << 20)
#define STATE_LISTEN	"0A" /* TCP_LISTEN of include/net/tcp_states.h */
#define LINE_MAX_LENGTH 255

/* "0100007F" or four such words, each in the byte order of the machine: 127.0.0.1. */
static bool parse_address(const char *text, size_t length, unsigned char out[16])
{
	if (length != 8 && length != 32)
		return false;
	for (size_t i = 0; i < length / 2; i++) {
		char digits[3] = {text[2 * i], text[2 * i + 1], '\0'};
		char *end;
		unsigned long byte = strtoul(digits, &end, 16);

		if (end != digits + 2)
			return false;
		out[i / 4 * 4 + 3 - i % 4] = (unsigned char)byte;
	}
	return true;
}

static bool is_loopback(const unsigned char *address, bool is_v6)
{
	static const unsigned char mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
	static const unsigned char one[16] = {[15] = 1};

	if (!is_v6)
		return address[0] == 127;
	return memcmp(address, one, sizeof(one)) == 0 ||
	       (memcmp(address, mapped, sizeof(mapped)) == 0 && address[12] == 127);
}

/* "  0: 0100007F:240D 00000000:0000 0A 0:0 0:0 0 1000 0 12345 ..." */
static bool parse_line(char *line, uint16_t port, struct nm_listen *out)
{
	char *words[10], *colon, host[INET6_ADDRSTRLEN];
	unsigned char address[16];
	bool is_v6;
	int count = 0;

	for (char *rest = line, *word; count < 10 && (word = strsep(&rest, " ")) != NULL;)
		if (*word)
			words[count++] = word;
	if (count < 10 || strcmp(words[3], STATE_LISTEN) != 0)
		return false;
	colon = strchr(words[1], ':');
	if (!colon || strtoul(colon + 1, NULL, 16) != port ||
	    !parse_address(words[1], (size_t)(colon - words[1]), address) ||
	    !nm_units_parse_whole(words[9], 1, UINT64_MAX, &out->inode))
		return false;
	is_v6 = colon - words[1] == 32;
	out->is_listening = true;
	out->is_loopback = is_loopback(address, is_v6);
	inet_ntop(is_v6 ? AF_INET6 : AF_INET, address, host, sizeof(host));
	snprintf(out->address, sizeof(out->address), is_v6 ? "[%s]:%u" : "%s:%u", host, port);
	return true;
}

bool nm_listen_parse(const char **text, uint16_t port, struct nm_listen *out)
{
	char line[LINE_MAX_LENGTH + 1];

	memset(out, 0, sizeof(*out));
	while (**text) {
		size_t length = strcspn(*text, "\n");
		size_t kept = length < LINE_MAX_LENGTH ? length : LINE_MAX_LENGTH;

		memcpy(line, *text, kept);
		line[kept] = '\0';
		*text += length + ((*text)[length] == '\n');
		if (parse_line(line, port, out))
			return true;
	}
	return false;
}

/* 1 if one of the descriptors of the process is the socket, 0 if not, -1 when that is not told. */
static int has_socket(int pid_dir, uint64_t inode)
{
	char wanted[64], target[64];
	int fd = openat(pid_dir, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC), found = 0;
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;

	if (!dir) {
		if (fd >= 0)
			close(fd);
		return -1;
	}
	snprintf(wanted, sizeof(wanted), "socket:[%llu]", (unsigned long long)inode);
	while (!found && (entry = readdir(dir)) != NULL) {
		ssize_t length = readlinkat(fd, entry->d_name, target, sizeof(target) - 1);

		if (length <= 0)
			continue;
		target[length] = '\0';
		found = strcmp(target, wanted) == 0;
	}
	closedir(dir);
	return found;
}

/* Its own sockets on the port in one of the two tables. */
static bool read_table(int pid_dir, const char *name, uint16_t port, struct nm_listen *out)
{
	struct nm_listen one;
	struct nm_strbuf text;
	const char *rest;
	bool is_told = true;

	nm_strbuf_init(&text, TABLE_MAX);
	/* Without IPv6 there is no tcp6. */
	nm_proc_read_all(pid_dir, name, &text);
	rest = nm_strbuf_get(&text);
	while (is_told && nm_listen_parse(&rest, port, &one)) {
		int own = has_socket(pid_dir, one.inode);

		is_told = own >= 0;
		if (own == 1 && (!out->is_listening || out->is_loopback))
			*out = one;
	}
	nm_strbuf_done(&text);
	return is_told;
}

bool nm_listen_read(int pid_dir, uint16_t port, struct nm_listen *out)
{
	memset(out, 0, sizeof(*out));
	return read_table(pid_dir, "net/tcp", port, out) &&
	       read_table(pid_dir, "net/tcp6", port, out);
}
