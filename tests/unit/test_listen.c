#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <sys/socket.h>

#include "source/proc/listen.h"
#include "tree.h"

#define HEAD \
	"  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
#define REST \
	" 00000000:00000000 00:00000000 00000000  1000        0 12345 1 0000000000000000 100 0 0 10 0\n"
#define V4 " 00000000:0000"
#define V6 " 00000000000000000000000000000000:0000"

struct parse_case {
	const char *name;
	const char *text;
	bool found, loopback;
	const char *address;
};

static const struct parse_case cases[] = {
	{"loopback", HEAD "   0: 0100007F:240D" V4 " 0A" REST, true, true, "127.0.0.1:9229"},
	{"all", HEAD "   0: 00000000:240D" V4 " 0A" REST, true, false, "0.0.0.0:9229"},
	{"one address", HEAD "   0: 0500A8C0:240D" V4 " 0A" REST, true, false, "192.168.0.5:9229"},
	{"not listening", HEAD "   0: 0100007F:240D" V4 " 01" REST, false, false, ""},
	{"another port", HEAD "   0: 0100007F:240E" V4 " 0A" REST, false, false, ""},
	{"behind another",
	 HEAD "   0: 0100007F:1F90" V4 " 0A" REST "   1: 00000000:240D" V4 " 0A" REST, true, false,
	 "0.0.0.0:9229"},
	{"all of version 6", HEAD "   0: 00000000000000000000000000000000:240D" V6 " 0A" REST, true,
	 false, "[::]:9229"},
	{"loopback of version 6", HEAD "   0: 00000000000000000000000001000000:240D" V6 " 0A" REST,
	 true, true, "[::1]:9229"},
	{"mapped loopback", HEAD "   0: 0000000000000000FFFF00000100007F:240D" V6 " 0A" REST, true,
	 true, "[::ffff:127.0.0.1]:9229"},
	{"half an address", HEAD "   0: 010000:240D" V4 " 0A" REST, false, false, ""},
	{"no digits", HEAD "   0: 0100x07F:240D" V4 " 0A" REST, false, false, ""},
	{"no inode", HEAD "   0: 0100007F:240D" V4 " 0A 0 0 0 0 0 x 1\n", false, false, ""},
	{"cut", HEAD "   0: 0100007F:240D" V4 " 0A", false, false, ""},
	{"nothing", "", false, false, ""},
};

static void sockets_are_parsed(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *text = cases[i].text;
		struct nm_listen out;

		if (nm_listen_parse(&text, 9229, &out) != cases[i].found ||
		    strcmp(out.address, cases[i].address) != 0 ||
		    out.is_loopback != cases[i].loopback || (cases[i].found && out.inode != 12345))
			fail_msg("%s: %s", cases[i].name, out.address);
	}
}

static int listen_on(uint32_t address, uint16_t *out_port)
{
	struct sockaddr_in name = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(address)};
	socklen_t length = sizeof(name);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&name, sizeof(name)), 0);
	assert_int_equal(listen(fd, 1), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&name, &length), 0);
	*out_port = ntohs(name.sin_port);
	return fd;
}

static void our_own_socket_is_found_and_another_is_not(void **state)
{
	int dir = open("/proc/self", O_RDONLY | O_DIRECTORY);
	struct nm_listen out;
	uint16_t port;
	int fd = listen_on(INADDR_LOOPBACK, &port);
	char address[64];

	(void)state;
	assert_true(nm_listen_read(dir, port, &out));
	assert_true(out.is_listening);
	assert_true(out.is_loopback);
	snprintf(address, sizeof(address), "127.0.0.1:%u", port);
	assert_string_equal(out.address, address);
	close(fd);
	assert_true(nm_listen_read(dir, port, &out));
	assert_false(out.is_listening);
	close(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sockets_are_parsed),
		cmocka_unit_test(our_own_socket_is_found_and_another_is_not),
	};

	return cmocka_run_group_tests_name("listen", tests, NULL, NULL);
}
