/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* BCC includes it; nothing here uses what the kernel has in it. */
