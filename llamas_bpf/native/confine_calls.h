/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LLAMAS_BPF_CONFINE_CALLS_H
#define LLAMAS_BPF_CONFINE_CALLS_H

/*
 * From now on, this process and what it starts cannot make the system calls that only an intruder would. It
 * must have set no_new_privs. Gives 0, or -1 with errno: ENOSYS for processors other than x86-64 and arm64.
 */
int confine_calls(void);

#endif
