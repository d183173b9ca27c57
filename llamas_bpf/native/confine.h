/* SPDX-License-Identifier: Apache-2.0 */
/* How a process of root's gives up all its rights, for good. Calls return 0, or a negative errno. */
#ifndef LLAMAS_BPF_CONFINE_H
#define LLAMAS_BPF_CONFINE_H

#include <stdint.h>

/*
 * What this thread starts next is the first of a PID namespace: what is started after it, and by whomever in
 * there, ends with it. Until the second call, which takes a descriptor of /proc/self/ns/pid from before, no
 * thread can start.
 */
int confine_children(void);
int confine_children_no_more(int pid_namespace_fd);

/*
 * From now on, nobody else sees what this process mounts, it can write to no disk, and /proc shows the
 * processes of its PID namespace that are its own user's, and nothing else. Shared memory, semaphores and
 * message queues, which outlive whoever makes them, are its own too, and end with it.
 */
int confine_mounts(void);

/* Lets it write to what was shown at path. */
int confine_writable(const char *path);

/* Puts an empty directory over this one, which anybody may pass through and nobody can write. */
int confine_cover(const char *directory);

/* Shows at path, which must exist, the directory that was opened before it was covered. */
int confine_show(int directory_fd, const char *path);

/*
 * Becomes this user, without groups and capabilities, also of programs that it executes, and without the
 * system calls that could bring some (see confine_calls.c). Whoever is not root
 * stays who it is, without capabilities. *step names what failed. It is killed when the thread that started it
 * ends, also while it hangs: a program that breaks its rules can undo this last, where no namespace ends it.
 */
int confine_rights(uint32_t uid, uint32_t gid, const char **step);

#endif
