/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Arithmetic that the programs for libbpf and those for BCC must do alike. No maps, no helpers. */
#ifndef LLAMAS_BPF_FIGURES_H
#define LLAMAS_BPF_FIGURES_H

/*
 * For how many events the record of this one stands; 0: it leaves none. Taken are runs of 16 events in a row
 * of one CPU, so that the step from one address to the next can still be told.
 */
static __always_inline __u32 weight_of(__u64 seen, __u32 period)
{
	return (seen >> 4) & (period - 1) ? 0 : period;
}

/* i for 2^(i+7) and more, 0 also below, 31 also above. */
static __always_inline __u32 bucket_of(__u64 wait_ns)
{
	__u64 rest = wait_ns >> 7;
	__u32 log = 0;

	if (rest >> 32)
		return 31;
	if (rest >> 16)
		log += 16, rest >>= 16;
	if (rest >> 8)
		log += 8, rest >>= 8;
	if (rest >> 4)
		log += 4, rest >>= 4;
	if (rest >> 2)
		log += 2, rest >>= 2;
	return log + (rest >> 1);
}

#endif
