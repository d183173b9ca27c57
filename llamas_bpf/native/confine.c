// SPDX-License-Identifier: Apache-2.0
/* See capabilities(7), mount_namespaces(7), pid_namespaces(7), ipc_namespaces(7), mount_setattr(2),
 * PR_SET_NO_NEW_PRIVS(2const) and PR_SET_DUMPABLE(2const). */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "confine.h"
#include "confine_calls.h"

int confine_children(void)
{
	return unshare(CLONE_NEWPID) ? -errno : 0;
}

int confine_children_no_more(int pid_namespace_fd)
{
	return setns(pid_namespace_fd, CLONE_NEWPID) ? -errno : 0;
}

int confine_mounts(void)
{
	struct mount_attr read_only = { .attr_set = MOUNT_ATTR_RDONLY };

	if (unshare(CLONE_NEWNS | CLONE_NEWIPC))
		return -errno;
	/* What the host unmounts must go here too, or its disk would stay in use. */
	if (mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL))
		return -errno;
	if (mount_setattr(AT_FDCWD, "/", AT_RECURSIVE, &read_only, sizeof(read_only)))
		return -errno;
	return mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, "subset=pid,hidepid=2") ? -errno : 0;
}

int confine_writable(const char *path)
{
	struct mount_attr writable = { .attr_clr = MOUNT_ATTR_RDONLY };

	return mount_setattr(AT_FDCWD, path, 0, &writable, sizeof(writable)) ? -errno : 0;
}

int confine_cover(const char *directory)
{
	return mount("none", directory, "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=755,size=64k") ? -errno : 0;
}

int confine_show(int directory_fd, const char *path)
{
	char source[32];

	snprintf(source, sizeof(source), "/proc/self/fd/%d", directory_fd);
	return mount(source, path, NULL, MS_BIND, NULL) ? -errno : 0;
}

/* Of capabilities this kernel knows fewer than a set has room for: EINVAL is the end. */
static int drop_bounding_set(void)
{
	for (int capability = 0; capability < 64; capability++)
		if (prctl(PR_CAPBSET_DROP, capability, 0, 0, 0))
			return errno == EINVAL && capability ? 0 : -1;
	return 0;
}

static int drop_capabilities(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = { 0 };

	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0))
		return -1;
	return syscall(SYS_capset, &header, none);
}

/* That a call reports success is not enough here. */
static int check_rights(uint32_t uid, uint32_t gid)
{
	uid_t real, effective, saved;
	gid_t real_group, effective_group, saved_group;

	if (getresuid(&real, &effective, &saved) || getresgid(&real_group, &effective_group, &saved_group))
		return -1;
	errno = EPERM;
	if (real != uid || effective != uid || saved != uid || getgroups(0, NULL))
		return -1;
	if (real_group != gid || effective_group != gid || saved_group != gid)
		return -1;
	return setresuid(-1, 0, -1) ? 0 : -1;
}

#define STEP(name, failed)			\
	do {					\
		*step = name;			\
		if (failed)			\
			return -errno;		\
	} while (0)

int confine_rights(uint32_t uid, uint32_t gid, const char **step)
{
	if (!geteuid()) {
		STEP("drop the capability bounding set", drop_bounding_set());
		STEP("leave all groups", setgroups(0, NULL));
		STEP("change the group", setresgid(gid, gid, gid));
		STEP("change the user", setresuid(uid, uid, uid));
		STEP("check what is left", check_rights(uid, gid));
	}
	/* A service may have been given some without being root. */
	STEP("drop all capabilities", drop_capabilities());
	STEP("set no_new_privs", prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	STEP("become non-dumpable", prctl(PR_SET_DUMPABLE, 0, 0, 0, 0));
	STEP("refuse system calls", confine_calls());
	/* Last: the kernel forgets it when a process changes its user. */
	STEP("end with its parent", prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0));
	return 0;
}
