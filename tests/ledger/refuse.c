/*
 * refuse.c - runs a command which may not look into other processes, as in a strict container
 *
 *   refuse COMMAND...
 *
 * For it ptrace(), process_vm_readv() and process_vm_writev() fail with EPERM.
 */
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define FIELD(name) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, name))
/* Skips so many of the following lines when the loaded word is this one. */
#define SKIP_IF(value, lines) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, lines, 0)
#define END_WITH(action)      BPF_STMT(BPF_RET | BPF_K, action)

int main(int argc, char **argv)
{
	struct sock_filter lines[] = {
		FIELD(arch),
		SKIP_IF(AUDIT_ARCH_X86_64, 1),
		END_WITH(SECCOMP_RET_ALLOW),
		FIELD(nr),
		SKIP_IF(SYS_ptrace, 3),
		SKIP_IF(SYS_process_vm_readv, 2),
		SKIP_IF(SYS_process_vm_writev, 1),
		END_WITH(SECCOMP_RET_ALLOW),
		END_WITH(SECCOMP_RET_ERRNO | EPERM),
	};
	struct sock_fprog filter = {sizeof(lines) / sizeof(lines[0]), lines};

	if (argc < 2) {
		fprintf(stderr, "usage: refuse COMMAND...\n");
		return 2;
	}
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) != 0) {
		perror("refuse: the filter");
		return 77;
	}
	execvp(argv[1], argv + 1);
	perror("refuse: exec");
	return 1;
}
