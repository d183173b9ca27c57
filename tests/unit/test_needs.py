"""What tests say they need: a kernel feature (else skipped), or a part of the machine (else left out)."""

import os
import subprocess
import sys

import kernel_features
import pytest

NEEDS_NODE2 = "tests/lab/test_act_knobs.py"


def collected(topology: str) -> tuple[int, str]:
    """How many tests that file has on that machine, and pytest's closing line."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--collect-only", "-q", NEEDS_NODE2],
        env={**os.environ, "LAB_TOPOLOGY": topology},
        capture_output=True,
        text=True,
        check=True,
    )
    lines = done.stdout.splitlines()
    return sum("::" in line for line in lines), lines[-1]


def test_a_test_for_another_machine_is_left_out_and_not_skipped() -> None:
    (everything, _), (some, said) = collected("tiers"), collected("flat")
    assert everything > some > 0
    assert f"{everything - some} deselected" in said


def test_a_part_of_the_machine_is_no_feature_of_the_kernel(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAB_TOPOLOGY", "flat")
    assert not kernel_features.apply(["node2"])
    assert kernel_features.lacking(["node2"]) is None
    monkeypatch.setenv("LAB_TOPOLOGY", "tiers")
    assert kernel_features.apply(["node2"])


def test_a_slip_of_the_pen_is_no_need() -> None:
    with pytest.raises(ValueError, match=r"no such feature; did you mean 'node2'\?"):
        kernel_features.apply(["nodes2"])
