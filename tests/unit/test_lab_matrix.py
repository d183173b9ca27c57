"""What the lab makes of the JUnit files that guests bring back, and of those that they do not."""

import fcntl
import os
from pathlib import Path

import pytest

from llamas_bpf.lab import junit, matrix
from llamas_bpf.lab.errors import LabError
from llamas_bpf.lab.run import Guest
from llamas_bpf.lab.testing import GuestReport, run_tests

FILE = """<?xml version="1.0" encoding="utf-8"?><testsuites><testsuite name="pytest">
<testcase classname="tests.lab.test_boot" name="test_good" time="0.1" />
<testcase classname="tests.lab.test_boot" name="test_bad"><failure message="assert 0">x</failure></testcase>
<testcase classname="tests.lab.test_boot" name="test_broken"><error message="setup">x</error></testcase>
<testcase classname="tests.lab.test_boot" name="test_a"><skipped message="kernel feature: damon" /></testcase>
<testcase classname="tests.lab.test_boot" name="test_b"><skipped message="kernel feature: damon" /></testcase>
</testsuite></testsuites>
"""


def counts(tmp_path: Path, text: str) -> junit.Counts:
    path = tmp_path / "junit.xml"
    path.write_text(text)
    return junit.read(path)


def test_passed_failed_and_skipped_are_counted(tmp_path: Path) -> None:
    assert counts(tmp_path, FILE) == junit.Counts(
        passed=1,
        failed=("tests.lab.test_boot::test_bad", "tests.lab.test_boot::test_broken"),
        skipped={"damon": 2},
    )


def test_a_file_that_is_cut_off_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(LabError, match="cut off"):
        counts(tmp_path, FILE[:300])
    with pytest.raises(LabError, match=r"left no missing\.xml"):
        junit.read(tmp_path / "missing.xml")


def test_a_directory_of_that_name_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(LabError, match=rf"{tmp_path} cannot be read: Is a directory"):
        junit.read(tmp_path)


def test_a_file_of_exploding_entities_is_an_error(tmp_path: Path) -> None:
    more = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 12))
    text = f'<!DOCTYPE x [<!ENTITY a0 "boom">{more}]><x><testcase name="t">&a11;</testcase></x>'
    with pytest.raises(LabError):
        counts(tmp_path, text)


def report(kernel: str, found: junit.Counts, trouble: str | None = None) -> GuestReport:
    status = 125 if trouble else 1 if found.failed else 0
    return GuestReport(Guest(kernel=kernel), f"{kernel}.0-cloud", found, status, trouble, 83.0)


def test_the_table_tells_what_failed_and_what_is_missing() -> None:
    shown = matrix.table(
        [
            report("6.1", junit.Counts(30, (), {"sched_ext": 1, "lower memory tier": 2})),
            report("6.12", junit.Counts(31, ("test_act::test_x",), {})),
            report(
                "newest", junit.Counts(0, (), {}), "the guest ended before CMD did\n  | Kernel \x1b[31mpanic"
            ),
        ]
    )
    assert shown.splitlines() == [
        "kernel  topology  release         passed  failed     skipped  time",
        "6.1     tiers     6.1.0-cloud     30      0          3        1:23",
        "6.12    tiers     6.12.0-cloud    31      1          0        1:23",
        "newest  tiers     newest.0-cloud  0       0 (guest)  0        1:23",
        "",
        "6.1 on tiers skipped for want of: lower memory tier (2), sched_ext (1)",
        "",
        "6.12 on tiers FAILED:",
        "  test_act::test_x",
        "",
        "newest on tiers FAILED:",
        "  the guest ended before CMD did",
        "    | Kernel \\x1b[31mpanic",
    ]


def test_programs_get_the_same() -> None:
    row = matrix.as_json(report("6.1", junit.Counts(3, ("t::x",), {"damon": 1})))
    assert (row["kernel"], row["passed"], row["failed"], row["skipped"]) == (
        "6.1",
        3,
        ("t::x",),
        {"damon": 1},
    )


def test_two_runs_do_not_share_their_results(tmp_path: Path) -> None:
    folder = os.open(tmp_path, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        with pytest.raises(LabError, match="another run is writing"):
            run_tests(Guest(topology="flat"), [], tmp_path, lambda _: None)
    finally:
        os.close(folder)
