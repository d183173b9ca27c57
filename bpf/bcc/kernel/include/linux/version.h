/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The first Linux with ring buffers for BPF: BCC chooses among its own macros by it. The kernel does not look. */
#define KERNEL_VERSION(a, b, c) (((a) << 16) + ((b) << 8) + (c))
#define LINUX_VERSION_CODE KERNEL_VERSION(5, 8, 0)
