/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* BCC asks for it; whether the kernel has bpf(2) is found out by calling it. */
#define CONFIG_BPF_SYSCALL 1
