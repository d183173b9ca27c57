"""Names of an attacker's choosing are shown harmlessly."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llamas_bpf import shown

HOSTILE = "\x1b]0;owned\x07\x1b[2J[bold red]x[/] :bomb: a\r\nb\u202egnp.exe\u200b\x9b31m\udcff"


def test_hostile_text_is_written_out() -> None:
    text = shown.plain(HOSTILE)
    assert text == (r"\x1b]0;owned\x07\x1b[2J[bold red]x[/] :bomb: a\r\nb\u202egnp.exe\u200b\x9b31m\udcff")


@given(st.text(st.characters()))
def test_nothing_a_terminal_acts_on_is_left(text: str) -> None:
    assert shown.plain(text).isprintable()
    assert shown.plain(shown.plain(text)) == shown.plain(text)
    assert all(line.isprintable() for line in shown.block(text).split("\n"))
    shown.plain(text).encode()


def test_ordinary_text_stays() -> None:
    for text in ("nginx", "système-été", "数据库", "a b", r"dev-disk-by\x2duuid"):
        assert shown.plain(text) == text


def test_long_text_is_cut() -> None:
    assert shown.plain("x" * 10_000, limit=8) == "xxxxxxxx…"


def test_the_console_takes_markup_literally() -> None:
    file = io.StringIO()
    shown.console(file, width=80).print("[bold]:bomb:[/] 12", "[link=x]")
    assert file.getvalue() == "[bold]:bomb:[/] 12 [link=x]\n"


@pytest.mark.parametrize(
    ("metric", "value", "text"),
    [
        ("sched.run_ns", 2_500_000, "2.5 ms"),
        ("sched.runqueue_p99_ns", 999, "999 ns"),
        ("sched.runqueue_p99_ns", 90e9, "90 s"),
        ("memory.current_bytes", 1536, "1.5 KiB"),
        ("memory.current_bytes", 5 << 30, "5 GiB"),
        ("memory.node_bytes.0", 3 << 20, "3 MiB"),
        ("memory.fast_tier_ratio", 0.25, "25 %"),
        ("sched.cpu_ratio", 1.5, "1.5"),
        ("faults.minor", 12345.0, "12,345"),
        ("faults.minor", 0, "0"),
        ("psi.io_some_ratio", None, "unknown"),
    ],
)
def test_figures_carry_their_unit(metric: str, value: float | None, text: str) -> None:
    assert shown.figure(metric, value) == text


@pytest.mark.parametrize(
    ("target", "text"),
    [
        ({"kind": "cgroup", "cgroup": "/a\n", "knob": "cpu.weight"}, r"/a\n cpu.weight"),
        ({"kind": "reclaim", "cgroup": "/a", "knob": "memory.reclaim"}, "/a memory.reclaim"),
        ({"kind": "affinity", "pid": 7}, "affinity of pid 7"),
        ({"kind": "system", "knob": "kernel.numa_balancing"}, "kernel.numa_balancing"),
    ],
)
def test_targets_have_a_name(target: dict[str, object], text: str) -> None:
    assert shown.target(target) == text
