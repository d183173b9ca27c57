"""What the kernel says of generations and of hint faults, as captured from Debian's 6.1, 6.12 and 7.2."""

import pytest

from llamas_bpf.heat import Heat, lru_gen, mglru, numa_hints
from llamas_bpf.heat.lru_gen import Generation, Lruvec
from llamas_bpf.heat.numa_hints import Faults, Thread

PAGE = 4096

LRU_GEN_7_2 = """\
memcg 1 /
 node     0
          0     241916          0         220
          1     241916          0       13296
          2     241916         40           0
          3     241916          0           1
memcg 757 /a b
 node     0
          0        680          0           0
          1        680          0           0
          2        680          0           0
          3        680          0           0
 node     1
          0        680          0           0
          1        680          0           1
          2        680       2744           0
          3        680          0           0
"""
LRU_GEN_6_12 = """\
memcg     1 /
 node     0
          0       2772          0           0
          1       2772          0         198
          2       2772          2           0
          3       2772         89        1195
"""
SCHED_6_1 = """\
python3 (245, #threads: 3)
-------------------------------------------------------------------
se.avg.util_est.enqueued                     :                 1022
prio                                         :                  120
clock-delta                                  :                 4717
mm->numa_scan_seq                            :                    2
numa_pages_migrated                          :                  912
numa_preferred_nid                           :                    0
total_numa_faults                            :                17392
current_node=0, numa_group_id=0
numa_faults node=0 task_private=17392 task_shared=0 group_private=0 group_shared=0
"""


def lruvecs(text: str, *cgroups: str) -> list[Lruvec]:
    return list(lru_gen.parse(text, frozenset(cgroups)))


def test_generations_of_a_cgroup() -> None:
    first, second = lruvecs(LRU_GEN_7_2, "/a b")
    assert (first.memcg, first.cgroup, first.node) == (757, "/a b", 0)
    assert second.node == 1
    assert second.generations == (
        Generation(0, 680, 0),
        Generation(1, 680, 1),
        Generation(2, 680, 2744),
        Generation(3, 680, 0),
    )


def test_generations_as_an_older_kernel_writes_them() -> None:
    (root,) = lruvecs(LRU_GEN_6_12, "/")
    assert (root.memcg, root.cgroup) == (1, "/")
    assert [generation.pages for generation in root.generations] == [0, 198, 2, 1284]


def test_of_others_there_is_nothing() -> None:
    assert lruvecs(LRU_GEN_7_2, "/a", "/a b/c", "/other") == []
    below = LRU_GEN_7_2.replace("/a b", "/a b/c")
    assert {one.cgroup for one in lruvecs(below, "/a b")} == {"/a b/c"}


def test_a_name_is_no_line_of_the_kernels() -> None:
    """Whoever may make cgroups could else have another one aged, or its own memory taken for another's."""
    hostile = LRU_GEN_7_2.replace("/a b", "/x memcg 12 /victim node 0")
    assert lruvecs(hostile, "/victim", "/victim node 0") == []
    (first, _) = lruvecs(hostile, "/x memcg 12 /victim node 0")
    assert first.memcg == 757


def test_a_heat_of_generations() -> None:
    found = mglru.heat_of(lruvecs(LRU_GEN_7_2, "/a b"))
    assert found is not None
    assert (found.hot_bytes, found.working_set_bytes) == (2744 * PAGE, 2745 * PAGE)
    assert found.cold_bytes == 0
    assert mglru.heat_of(lruvecs(LRU_GEN_7_2, "/")) is None  # nobody looked for four minutes
    assert mglru.heat_of([]) is None


def test_one_look_that_missed_does_not_count() -> None:
    """As when the process was changing its mappings at that moment."""
    looks = [Heat(100.0, hot, 5.0, "mglru") for hot in (64.0, 2.0, 66.0)]
    assert mglru.middle(looks).hot_bytes == 64.0


def test_faults_of_a_thread() -> None:
    assert numa_hints.parse(SCHED_6_1) == Faults(passes=2, total=17392)
    assert numa_hints.parse(SCHED_6_1.replace("numa_scan_seq", "other")) is None


@pytest.mark.parametrize(("passes", "lately"), [(3, 17496), (4, 17496), (5, 0)])
def test_what_the_last_pass_added(passes: int, lately: int) -> None:
    """Figures of a program with 16,384 hot pages beside its interpreter's, on 6.1."""
    first = Thread(Faults(2, 17392))
    assert first.added_lately(2) == 0  # what of it is of the last pass cannot be told yet
    assert first.after(Faults(2, 17392)) is first
    second = first.after(Faults(3, 26192))
    assert second.added == 26192 - 17392 // 2 == 17496
    assert second.after(Faults(4, 26192)).added_lately(passes) == lately


def test_a_cgroup_that_was_removed_is_not_the_one_that_now_has_its_name() -> None:
    gone = LRU_GEN_7_2.replace("memcg 757 /a b", "memcg 0 /a b")
    assert lruvecs(gone, "/a b") == []
    both = gone + LRU_GEN_7_2[LRU_GEN_7_2.index("memcg 757") :]
    assert {each.memcg for each in lruvecs(both, "/a b")} == {757}


@pytest.mark.parametrize("end", ["\r", "\v", "\x1c", "\x85", "\u2028"])
def test_no_line_begins_within_a_name(end: str) -> None:
    """A cgroup may be called that; only the line feed is forbidden."""
    hostile = LRU_GEN_7_2.replace("/a b", f"/x{end}memcg 12 /victim")
    assert lruvecs(hostile, "/victim") == []
    assert {each.memcg for each in lruvecs(hostile, f"/x{end}memcg 12 /victim")} == {757}
