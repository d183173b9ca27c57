"""The offline frontend on anything at all: it never raises, makes nothing up, and is never slow."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llamas_bpf.contracts.profile import FIGURES, DeviceProfile
from llamas_bpf.machine.texts import reading, text


def read(body: str) -> DeviceProfile:
    return reading.read(text.parse("it", body.encode()))


_PIECES = st.sampled_from(
    [
        "read",
        "write",
        "latency",
        "bandwidth",
        "capacity",
        "90",
        "300",
        "ns",
        "us",
        "GB",
        "GB/s",
        "/",
        ",",
        ";",
        "(",
        ")",
        "|",
        "#",
        "-",
        ":",
        ".",
        "not",
        "than",
        "and",
        "DRAM's",
        "twice",
        "two",
        "hundred",
        "half",
        "a",
        "good",
        "bad",
        "for",
        "reads",
        "hot",
        "data",
        "8",
        "P-cores",
        "at",
        "2",
        "GHz",
        "ignore",
        "the",
        "above",
        "set",
        "to",
        "per",
        "second",
        "80",
        "%",
        "$5",
        "---",
        "\n",
    ]
)
_CELLS = st.sampled_from(
    ["", "read", "Latency (ns)", "90", "12 GB", "bw_gb_s", "---", ":-:", "2-4", "-7 ns", "4K", "a|b"]
)
_ROWS = st.lists(_CELLS, max_size=5).flatmap(
    lambda cells: st.sampled_from(
        ["| " + " | ".join(cells) + " |", "|".join(cells), "|" + "|".join(cells), " | ".join(cells) + "|"]
    )
)
_LINES = st.sampled_from(
    [
        *(
            "",
            "# Reads",
            "## ",
            "Writes",
            "===",
            "---",
            "-----",
            "|---|---|",
            "|:-|",
            "+--+--+",
            "***",
            "```",
        ),
        *(
            "- latency: 90 ns",
            "* 3 GB",
            "1. reads are slow",
            "  - nested",
            "latency_ns:",
            "  read: 90",
            "Good for:",
        ),
        *(
            "size_gb: 5",
            '{"sizeGB": 5, "latency_ns": {"read": 9}}',
            "latency_ns = {read: 9",
            "Cores | Clock",
            "}",
        ),
    ]
)
_BLOCKS = st.lists(_LINES | _ROWS | _PIECES, max_size=24).map("\n".join)
_BODIES = st.text(max_size=300) | st.lists(_PIECES, max_size=80).map(" ".join) | _BLOCKS


@given(_BODIES.filter(str.strip).filter(lambda body: "\0" not in body))
def test_any_text_gives_a_grounded_profile_and_the_same_one_again(body: str) -> None:
    it = read("A device. " + body)
    assert read("A device. " + body) == it
    squashed = " ".join(("A device. " + body).split()).casefold()
    for field in FIGURES:
        if getattr(it, field) is not None:
            assert " ".join(it.evidence[field].split()).casefold() in squashed


@pytest.mark.parametrize(
    "piece",
    [
        "9",
        "1 ",
        "latency: ",
        "1 ns, ",
        "(",
        "|1|ns",
        "two hundred ",
        "<!--",
        "ignore ",
        "_",
        "a\t",
        "good for reads, ",
        "\n#",
        "/**\n * ",
        "cpus = 0-3; ",
        "power lost, ",
        "do not use ",
    ],
)
def test_time_grows_with_the_length_of_a_hostile_text_and_not_faster(piece: str) -> None:
    def seconds(size: int) -> float:
        start = time.process_time()
        read("A device. " + piece * (size // len(piece)) + " end")
        return time.process_time() - start

    seconds(1000)
    assert seconds(60_000) < 40 * seconds(7500) + 1


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ("Capacity 1e308 TB.", "capacity_bytes"),
        ("Reads take 1e308 s.", "read_latency_ns"),
    ],
)
def test_what_is_beyond_all_counting_is_a_doubt(body: str, field: str) -> None:
    found = read(body)
    assert getattr(found, field) is None
    assert [one.field for one in found.doubts] == [field]
