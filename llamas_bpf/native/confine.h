/* SPDX-License-Identifier: Apache-2.0 */
/* How a process of root's gives up all its rights, for good. Calls return 0, or a negative errno. */
#ifndef LLAMAS_BPF_CONFINE_H
#define LLAMAS_BPF_CONFINE_H

#include <stdint.h>

/* From now on, nobody else sees what this process mounts. */
int confine_mounts(void);

/* Puts an empty directory over this one, which anybody may pass through and nobody can write. */
int confine_cover(const char *directory);

/* Shows at path, which must exist, the directory that was opened before it was covered. */
int confine_show(int directory_fd, const char *path);

/*
 * Becomes this user, without groups and capabilities, also of programs that it executes. Whoever is not root
 * stays who it is, without capabilities. *step names what failed.
 */
int confine_rights(uint32_t uid, uint32_t gid, const char **step);

#endif
