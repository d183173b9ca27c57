/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * BCC compiles against a tree of the kernel's headers, of which its own helpers and our programs need these few
 * words. So this is the tree that we give it: of the running kernel's there may be none to install.
 */
#ifndef LLAMAS_BPF_BCC_TYPES_H
#define LLAMAS_BPF_BCC_TYPES_H

typedef signed char __s8, s8;
typedef signed short __s16, s16;
typedef signed int __s32, s32;
typedef signed long long __s64, s64;
typedef unsigned char __u8, u8;
typedef unsigned short __u16, u16, __be16, __sum16;
typedef unsigned int __u32, u32, __be32, __wsum;
typedef unsigned long long __u64, u64, __be64;
typedef __u64 __aligned_u64 __attribute__((aligned(8)));
typedef unsigned long size_t, uintptr_t;
typedef _Bool bool;
typedef int pid_t;

#define __always_inline inline __attribute__((always_inline))

#endif
