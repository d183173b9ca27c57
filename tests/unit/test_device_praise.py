"""What a device is good and bad at, in the words of many writers."""

import pytest
from device_figures import read

_GOOD = {
    "frequent_access": """
Put whatever is used every second here.
Best for data in constant use.
Excellent for what somebody looks at every day.
The place for pages under steady fire.
Hot pages go here.
Keep your busiest data in it.
Working sets live well here.
Ideal when the same lines are hit over and over.
Reserve it for data with a high access rate.
It pays off for data that is accessed often.
Use it for the most active pages.
Anything touched many times a second should be here.
""",
    "rare_access": """
Excellent for things nobody will look at.
Suits cold pages.
A parking lot for data that is hardly ever read.
Put here what you need once a year.
Good for stuff that just sits there.
Made for archives.
Cold storage is its job.
It is the right home for infrequently used pages.
Use it for long-idle data.
Ideal for data that sleeps.
For data that is rarely wanted, it is unbeatable.
dormant pages: yes
""",
    "reads": """
Very read-friendly.
Read-dominated data profit most.
For read-mostly media libraries: yes.
Ideal for lookup tables that never change.
Reading is what it does best.
Good at serving reads.
It shines on read-heavy loads.
Write once, read many: that's its world.
Suited to read-only data.
Prefer it for immutable data.
""",
    "writes": """
The CPU ought to write here.
Great for many tiny writes.
It takes writes gladly.
Good for log-style appends.
Write-heavy data is welcome.
Writes are cheap.
Ideal for data that changes all the time.
Use it where data is updated a lot.
Fast to write.
Good write performance.
""",
    "random_access": """
It does not mind scattered accesses.
Random access is no problem.
Good for hash tables and other random lookups.
Any access pattern is fine, even random.
Random access comes at no extra cost.
""",
    "sequential_access": """
Do not ask it to chase pointers; ask it to stream.
Long sequential runs are fine.
strengths: sequential access, long-term retention
It loves big linear sweeps.
Streaming workloads do well on it.
Read it front to back and it is quick.
Best used with sequential access patterns.
Good for scans.
Feed it streams.
""",
    "small_accesses": """
Great for many tiny writes and reads of a few bytes.
Small requests are handled well.
Even 8-byte accesses are efficient.
Fine-grained access is its strength.
Good for small objects.
""",
    "large_data": """
Give it big buffers.
For big tables.
Holds data sets that fit nowhere else.
Ideal for huge arrays.
Meant for large working sets.
Use it for bulk data.
Suited to very large models.
A home for data too big for DRAM.
Good when capacity matters.
""",
    "bandwidth": """
It favours bandwidth-bound kernels.
Best for bandwidth-hungry code.
Throughput is its strength.
Use it for bandwidth-limited loops.
Excellent throughput.
Very high bandwidth.
Suits bandwidth-intensive work.
""",
    "latency": """
Latency-critical data belongs here.
Low latency.
Quick to respond.
Use it where response time counts.
Good for latency-sensitive structures.
""",
    "keeping_data": """
Good for logs and checkpoints.
strengths: long-term retention
Put here what must survive a crash.
Ideal for journals.
Suited to data that must not be lost.
A place for durable state.
Use it for anything that has to persist.
""",
    "parallel_compute": """
Kernels that do the same thing to a very large number of elements at once do well.
Strong at data-parallel loops.
Titans for anything with long vectors.
Very good for parallel calculation of filters.
Thousands of independent work items: perfect.
Good at SIMD code.
Use it for embarrassingly parallel jobs.
Wide vector loops fly.
Excels at massively threaded kernels.
Suits work that can be split into many equal parts.
""",
    "matrix_compute": """
sweet_spot: dense matrix multiplication, int8 convolutions
Good for GEMM.
Deep learning inference is what it was built for.
Neural networks run well on it.
Use it for linear algebra.
Tensor operations are its forte.
Ideal for matmuls.
""",
    "serial_compute": """
Good single-thread performance.
Best for serial code.
Branchy code runs well.
Compiling and anything single threaded is for these.
Handles control flow gracefully.
Good for code with many branches.
""",
    "pointer_chasing": """
Good for pointer chasing.
Use it for: what is touched all the time; pointer chasing
Linked lists run well.
Graph traversals are fine here.
Tree walks are quick.
Suited to pointer-heavy structures.
""",
    "background_work": """
Mules do for background work.
This is where housekeeping daemons belong.
Put the nightly indexing here.
Good for batch jobs.
Low-priority jobs are welcome.
For maintenance tasks.
Use it for work nobody waits for.
""",
}
_BAD = {
    "frequent_access": """
It tolerates cold data, but resents hot data.
Hopeless where somebody looks every day.
Do not keep data here that is needed constantly.
Must not be used for frequently accessed data.
Hot data: no.
Hot data does not belong here.
Every access hurts, so nothing that is used regularly should live here.
A bad home for popular objects.
Not meant for the hot set.
Wasted on hot pages? No: hot pages are wasted on it.
""",
    "rare_access": """
Too precious for data that is rarely used.
Do not waste it on cold pages.
Cold data should live elsewhere.
Archives do not belong here.
It would be a shame to fill it with idle pages.
""",
    "reads": """
The CPU ought never to read here.
Reads are painfully slow.
Reading from it is a bad idea.
Do not read from it if you can avoid it.
Slow to read.
""",
    "writes": """
Write-averse.
For write-heavy work: certainly not.
Write-intensive data should be kept elsewhere.
Writes wear it out, so avoid them.
Do not use it for data that changes often.
Updates are its weak spot.
Not for anything that gets modified a lot.
It hates being written to.
Writes: slow and costly.
Frequently modified pages should stay away.
Keep dirty pages off it.
""",
    "random_access": """
Random writes kill it.
Jumping around costs dearly.
Scattered accesses are a catastrophe.
weaknesses                    random access
Avoid random access.
Random I/O performance is poor.
Seeks are slow.
Not for access patterns without locality.
""",
    "sequential_access": """
Streaming through it is a waste.
Poor at sequential scans.
Do not stream over it.
""",
    "small_accesses": """
A lot of small stores is a bad idea.
Give it big buffers, and never tiny ones.
Small requests are not worth it.
Tiny transfers waste most of the link.
Short accesses are inefficient.
Anything below a page wastes bandwidth, so avoid small accesses.
Do not use it for little objects.
Byte-sized updates are expensive.
It is inefficient for small transfers.
""",
    "large_data": """
Useless for anything big.
Too small for large arrays.
Large data sets don't fit.
Do not put big tables here.
Not for bulk storage.
""",
    "bandwidth": """
Bandwidth-bound code suffers.
Low bandwidth.
Not for bandwidth-hungry jobs.
Bandwidth is its bottleneck.
Throughput is disappointing.
The link is narrow: bandwidth is poor.
""",
    "latency": """
Latency-sensitive traversals should stay on the host.
High latency.
Not for latency-critical data.
Latency is its weak point.
Too slow for anything latency-bound.
Its response times are sluggish.
Bad for anything that waits on each access.
""",
    "keeping_data": """
Do not keep anything here that you cannot recreate.
Not for data that must survive a reboot.
Never store your only copy here.
Unsuited to durable data.
""",
    "parallel_compute": """
Parallel code gains nothing.
Poor at vector code.
Not for data-parallel work.
""",
    "matrix_compute": """
Matrix products are better done elsewhere.
Do not run neural networks on it.
weak: matrix math
""",
    "serial_compute": """
avoid: branchy serial code
Neither does code with long serial dependencies do well.
Weak at: single-threaded code
Branches ruin it.
Do not give it sequential programs.
Irregular control flow is poison.
Slow on scalar code.
Divergent branches hurt.
""",
    "pointer_chasing": """
For pointer jumping it is very bad.
Chasing pointers does not do well.
Linked data structures are slow.
Graph traversal should stay on the CPU.
Dependent loads are its nightmare.
Do not walk trees on it.
""",
    "background_work": """
Do not waste it on background jobs.
Housekeeping does not belong here.
""",
}


def _each(said: dict[str, str]) -> list[tuple[str, str]]:
    return [(trait, line) for trait, lines in said.items() for line in lines.strip().splitlines()]


@pytest.mark.parametrize(("trait", "said"), _each(_GOOD))
def test_praise_is_understood(trait: str, said: str) -> None:
    it = read(f"A device.\n{said}")
    assert trait in it.good_at and trait not in it.bad_at


@pytest.mark.parametrize(("trait", "said"), _each(_BAD))
def test_blame_is_understood(trait: str, said: str) -> None:
    it = read(f"A device.\n{said}")
    assert trait in it.bad_at and trait not in it.good_at


@pytest.mark.parametrize(
    ("said", "trait"),
    [
        ("Reads, writes and everything in between are logged.", "reads"),
        ("Random, sequential, what have you: it was tested.", "random_access"),
        ("Its predecessor was good at random access.", "random_access"),
        ("My neighbour's card is good for hot data.", "frequent_access"),
        ("For data that must not be lost there is the SSD.", "keeping_data"),
    ],
)
def test_what_is_no_praise_of_it_is_none(said: str, trait: str) -> None:
    assert trait not in read(f"A device.\n{said}").good_at
