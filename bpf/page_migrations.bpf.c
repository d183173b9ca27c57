// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Pages moved in memory, and those that could not be. The key is not a workload but the kernel's reason. */
#include "counts.bpf.h"

COUNTS(page_migrations_count);

/* The kernel's own type for this event's fields: tells how many arguments come before the reason. */
struct trace_event_raw_mm_migrate_pages {
	unsigned long large_folio_split;	/* since commit 49cac03a8f0a (Linux 6.7) */
} __attribute__((preserve_access_index));

SEC("tp_btf/mm_migrate_pages")
int on_migrate_pages(__u64 *args)
{
	struct page_migrations_count *reason;
	struct ring_count *seen = see();

	if (!seen)
		return 0;
	if (bpf_core_field_exists(((struct trace_event_raw_mm_migrate_pages *)0)->large_folio_split))
		reason = counts_of((__u32)args[7], seen);
	else
		reason = counts_of((__u32)args[6], seen);
	if (reason) {
		reason->moved += args[0];
		reason->failed += args[1];
	}
	return 0;
}
