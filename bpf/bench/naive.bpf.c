// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Its reader is woken for every record. */
#define SUBMIT_FLAGS BPF_RB_FORCE_WAKEUP
#include "each_event.bpf.h"
