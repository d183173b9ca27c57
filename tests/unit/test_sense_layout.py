"""The reader of event layouts, and the constants that Python repeats from them."""

from enum import IntEnum
from pathlib import Path

import numpy as np
import pytest

from llamas_bpf.contracts.events import FaultFlag, LeaveState, LifecycleType
from llamas_bpf.sense.layout import LayoutError, read_enums, read_header, read_structs

HEADER = Path(__file__).resolve().parents[2] / "bpf" / "events.h"


def test_members_are_laid_out_as_c_does() -> None:
    found = read_structs("struct event { __u8 a; __s64 b; /* two; things */ __u16 c; };")["event"]
    assert found == np.dtype(
        {"names": "abc", "formats": ["u1", "i8", "u2"], "offsets": [0, 8, 16], "itemsize": 24}
    )


def test_arrays_and_texts() -> None:
    found = read_structs("struct event { __u32 a[3]; char name[16]; };")["event"]
    assert found == np.dtype([("a", "u4", (3,)), ("name", "S16")])


def test_directives_and_comments_are_no_members() -> None:
    text = "#ifndef X\n#define X\n/* struct no { __u8 a; }; */ struct yes { __u32 a; };\n#endif\n"
    assert list(read_structs(text)) == ["yes"]


@pytest.mark.parametrize("member", ["int a", "__u64 a[n]", "struct other a", "__u128 a", "__u8 a : 3"])
def test_a_member_without_fixed_width_is_refused(member: str) -> None:
    with pytest.raises(LayoutError, match="fixed-width"):
        read_structs(f"struct event {{ {member}; }};")


def test_a_constant_without_its_number_is_refused() -> None:
    with pytest.raises(LayoutError, match="its number"):
        read_enums("enum e { A = 1, B };")


def test_anything_else_is_refused() -> None:
    with pytest.raises(LayoutError, match="cannot read"):
        read_structs("typedef int x;")


@pytest.mark.parametrize(
    ("name", "prefix", "repeated"),
    [
        ("fault_flag", "FAULT_", FaultFlag),
        ("lifecycle_type", "LIFECYCLE_", LifecycleType),
        ("leave_state", "LEAVE_", LeaveState),
    ],
)
def test_python_repeats_the_constants_faithfully(name: str, prefix: str, repeated: type[IntEnum]) -> None:
    constants = read_enums(HEADER.read_text())[name]
    assert constants == {prefix + member.name: member.value for member in repeated}


def test_records_have_no_holes() -> None:
    """A hole would be kernel memory that nobody wrote."""
    structs = read_header(HEADER)
    for name in ("fault_event", "sched_event", "lifecycle_event"):
        members = structs[name].names or ()
        assert sum(structs[name][member].itemsize for member in members) == structs[name].itemsize


def test_counts_are_words() -> None:
    """The binding adds up CPUs word by word."""
    counts = {name: dtype for name, dtype in read_header(HEADER).items() if name.endswith("_count")}
    assert len(counts) >= 9
    for dtype in counts.values():
        assert {dtype[member].base for member in dtype.names or ()} == {np.dtype("u8")}
