// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Its reader is woken when it had taken all there was: what no flags mean. */
#define SUBMIT_FLAGS 0
#include "each_event.bpf.h"
