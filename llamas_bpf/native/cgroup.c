// SPDX-License-Identifier: Apache-2.0
/* From a cgroup's id to the cgroup, without a walk through all of them. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "shim.h"

/* FILEID_KERNFS of include/linux/exportfs.h: a kernfs handle is the inode number, which is the cgroup's id. */
#define KERNFS_HANDLE 0xfe

int cgroup_open(int mount_fd, uint64_t id)
{
	struct file_handle *handle = calloc(1, sizeof(*handle) + sizeof(id));
	int fd;

	if (!handle)
		return -ENOMEM;
	handle->handle_bytes = sizeof(id);
	handle->handle_type = KERNFS_HANDLE;
	memcpy(handle->f_handle, &id, sizeof(id));
	fd = open_by_handle_at(mount_fd, handle, O_PATH | O_CLOEXEC);
	free(handle);
	return fd < 0 ? -errno : fd;
}
