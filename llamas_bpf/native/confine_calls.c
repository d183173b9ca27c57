// SPDX-License-Identifier: Apache-2.0
/* Which system calls are left: see seccomp(2), and the kernel's Documentation/userspace-api/seccomp_filter.rst.
 *
 * A list of what is refused, not of what is needed: Python, its packages and libc may need more tomorrow. What
 * is refused reaches much of the kernel, and a client of HTTP has no use for it. Most of it takes capabilities
 * besides, which a user namespace would give. */
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "confine_calls.h"

#if defined(__x86_64__)
#define ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__) && defined(__AARCH64EL__)
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#endif

#ifdef ARCHITECTURE

#define NAMESPACES (CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | \
		    CLONE_NEWNET)
/* Of numbers for another ABI with the same architecture, x32. */
#define OTHER_ABI 0x40000000

#define LOAD(field) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define RETURN(what) BPF_STMT(BPF_RET | BPF_K, what)
#define FAIL(error) RETURN(SECCOMP_RET_ERRNO | (error))
/* The next so many statements only if what was loaded is this, is not, or has one of these bits. */
#define IF(value, statements) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, statements)
#define UNLESS(value, statements) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, statements, 0)
#define IF_ANY(bits, statements) BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, bits, 0, statements)
#define REFUSE(name) IF(SYS_##name, 1), FAIL(EPERM)

static struct sock_filter filter[] = {
	/* Calls have other numbers there. */
	LOAD(arch),
	UNLESS(ARCHITECTURE, 1),
	RETURN(SECCOMP_RET_KILL_PROCESS),
	LOAD(nr),
	IF_ANY(OTHER_ABI, 1),
	RETURN(SECCOMP_RET_KILL_PROCESS),

	/* Namespaces: in a user namespace it would have all capabilities. */
	REFUSE(unshare),
	REFUSE(setns),
	/* Its flags are in memory, where a filter cannot look: without it, libc takes clone(2). */
	IF(SYS_clone3, 1),
	FAIL(ENOSYS),
	IF(SYS_clone, 4),
	LOAD(args[0]),
	IF_ANY(NAMESPACES, 1),
	FAIL(EPERM),
	RETURN(SECCOMP_RET_ALLOW),

	/* Of sockets only what reaches a server, and what libc asks for names and addresses. */
	IF(SYS_socket, 7),
	LOAD(args[0]),
	UNLESS(AF_INET, 4),
	UNLESS(AF_INET6, 3),
	UNLESS(AF_UNIX, 2),
	UNLESS(AF_NETLINK, 1),
	FAIL(EAFNOSUPPORT),
	RETURN(SECCOMP_RET_ALLOW),

	/* Other processes. */
	REFUSE(ptrace),
	REFUSE(process_vm_readv),
	REFUSE(process_vm_writev),
	REFUSE(pidfd_getfd),
	/* Programs and modules in the kernel, its events and its log. */
	REFUSE(bpf),
	REFUSE(perf_event_open),
	REFUSE(init_module),
	REFUSE(finit_module),
	REFUSE(delete_module),
	REFUSE(kexec_load),
	REFUSE(kexec_file_load),
	REFUSE(syslog),
	/* Asynchronous work, page faults and keys. */
	REFUSE(io_uring_setup),
	REFUSE(userfaultfd),
	REFUSE(add_key),
	REFUSE(request_key),
	REFUSE(keyctl),
	/* Mounts. */
	REFUSE(mount),
	REFUSE(umount2),
	REFUSE(pivot_root),
	REFUSE(chroot),
	REFUSE(move_mount),
	REFUSE(open_tree),
	REFUSE(mount_setattr),
	REFUSE(fsopen),
	REFUSE(fspick),
	REFUSE(fsconfig),
	REFUSE(fsmount),
	REFUSE(open_by_handle_at),

	RETURN(SECCOMP_RET_ALLOW),
};

int confine_calls(void)
{
	struct sock_fprog program = { .len = sizeof(filter) / sizeof(*filter), .filter = filter };

	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0);
}

#else

int confine_calls(void)
{
	errno = ENOSYS; /* who cannot be confined is not started */
	return -1;
}

#endif
