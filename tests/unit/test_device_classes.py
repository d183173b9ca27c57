"""Classes of processors, in the words of many writers."""

import pytest
from device_figures import read

_CLASSES: list[tuple[str, list[tuple[int | None, float | None, str | None]]]] = [
    (
        "16 big cores, CPUs 0-15, boost to 5.4 GHz. 16 small cores with the numbers 16-31 do 4.2 GHz.",
        [(16, 5400000000.0, "0-15"), (16, 4200000000.0, "16-31")],
    ),
    (
        "Performance cores (0-7) reach 5.2 GHz; efficiency cores (8-15) reach 3.9 GHz.",
        [(None, 5200000000.0, "0-7"), (None, 3900000000.0, "8-15")],
    ),
    (
        "Six fast cores, CPUs 0-5. Their ceiling is 4.6 GHz. Eight slow ones, CPUs 6-13, end at 3.4 GHz.",
        [(6, 4600000000.0, "0-5"), (8, 3400000000.0, "6-13")],
    ),
    (
        (
            "cluster0 { cores = 6; cpus = 0-5; fmax = 1.9 GHz; }\n"
            "cluster1 { cores = 2; cpus = 6-7; fmax = 3.1 GHz; }\n"
        ),
        [(6, 1900000000.0, "0-5"), (2, 3100000000.0, "6-7")],
    ),
    (
        (
            '2 x "Atlas" out-of-order harts -> linux cpu 0-1, 1,800 MHz\n'
            '8 x "Mule" in-order harts -> linux cpu 2-9, 1.0 GHz\n'
        ),
        [(2, 1800000000.0, "0-1"), (8, 1000000000.0, "2-9")],
    ),
    (
        (
            "Cores: 48 compute cores, 2.2 GHz, plus 2 assistant cores for the OS, also 2.2 GHz\n"
            "CPUs: compute 2-49, assistant 0-1\n"
        ),
        [(48, 2200000000.0, "2-49"), (2, 2200000000.0, "0-1")],
    ),
    (
        "Eight performance cores (5.2 GHz) and sixteen efficiency cores (4.0 GHz).",
        [(8, 5200000000.0, None), (16, 4000000000.0, None)],
    ),
    (
        "CPUs 0-3: little, 1.8 GHz\nCPUs 4-7: big, 2.6 GHz\n",
        [(None, 1800000000.0, "0-3"), (None, 2600000000.0, "4-7")],
    ),
    (
        "CPUs 0-7 are big cores at 3 GHz, CPUs 8-15 little ones at 2 GHz.",
        [(None, 3000000000.0, "0-7"), (None, 2000000000.0, "8-15")],
    ),
    (
        "The four fast cores (cpu0-cpu3) clock at 3.6 GHz, the four slow ones (cpu4-cpu7) at 2 GHz.",
        [(4, 3600000000.0, "0-3"), (4, 2000000000.0, "4-7")],
    ),
    (
        "P-cores: 6, up to 4.7 GHz. E-cores: 8, up to 3.5 GHz.",
        [(6, 4700000000.0, None), (8, 3500000000.0, None)],
    ),
    ("6 P-cores @ 4.7 GHz\n8 E-cores @ 3.5 GHz\n", [(6, 4700000000.0, None), (8, 3500000000.0, None)]),
    (
        "big cluster: 4 cores, cpus 4-7, 2.8 GHz\nlittle cluster: 4 cores, cpus 0-3, 1.9 GHz\n",
        [(4, 2800000000.0, "4-7"), (4, 1900000000.0, "0-3")],
    ),
    (
        "- performance: CPUs 0-7, max 5.0 GHz\n- efficiency: CPUs 8-23, max 3.8 GHz\n",
        [(None, 5000000000.0, "0-7"), (None, 3800000000.0, "8-23")],
    ),
    (
        "It has 2 prime cores at 3.3 GHz, 3 gold cores at 2.8 GHz and 3 silver cores at 2 GHz.",
        [(2, 3300000000.0, None), (3, 2800000000.0, None), (3, 2000000000.0, None)],
    ),
    (
        "name: fast, count: 4, freq: 3.0 GHz, cpus: 0-3\nname: slow, count: 8, freq: 2.0 GHz, cpus: 4-11\n",
        [(4, 3000000000.0, "0-3"), (8, 2000000000.0, "4-11")],
    ),
    (
        "Cores 0-5 are the strong ones (4.5 GHz); cores 6-11 are weak (2.5 GHz).",
        [(None, 4500000000.0, "0-5"), (None, 2500000000.0, "6-11")],
    ),
    ("64 cores, all alike, 2.45 GHz base and 3.5 GHz boost.", [(64, 3500000000.0, None)]),
    (
        "[performance]\ncpus = 0-7\nmax_mhz = 5000\n[efficiency]\ncpus = 8-15\nmax_mhz = 3800\n",
        [(None, 5000000000.0, "0-7"), (None, 3800000000.0, "8-15")],
    ),
    (
        (
            "The processor has two kinds of cores. CPUs 0-7 are the big cores and reach 5.1 GHz. "
            "CPUs 8-23 are the little cores and reach 3.9 GHz."
        ),
        [(None, 5100000000.0, "0-7"), (None, 3900000000.0, "8-23")],
    ),
    (
        (
            "CPUs 0-5 are performance cores; 4.9 GHz is their limit. CPUs 6-13 are efficiency cores; "
            "3.6 GHz is theirs."
        ),
        [(None, 4900000000.0, "0-5"), (None, 3600000000.0, "6-13")],
    ),
    (
        (
            "The performance cores are CPUs 0-7. They clock to 5.0 GHz. "
            "The efficiency cores are CPUs 8-15, and those clock to 3.7 GHz."
        ),
        [(None, 5000000000.0, "0-7"), (None, 3700000000.0, "8-15")],
    ),
    (
        "Performance cores: CPUs 0-7, 5.0 GHz\nEfficiency cores: CPUs 8-15, 3.7 GHz",
        [(None, 5000000000.0, "0-7"), (None, 3700000000.0, "8-15")],
    ),
    (
        (
            "Use CPUs 0-3 for anything heavy: those are the big cores, and they boost to 2.8 GHz. "
            "The little ones, CPUs 4-7, end at 1.8 GHz."
        ),
        [(None, 2800000000.0, "0-3"), (None, 1800000000.0, "4-7")],
    ),
    (
        (
            "On CPUs 0-1 live the prime cores with 3.3 GHz, on CPUs 2-5 the gold cores with 2.8 GHz, "
            "on CPUs 6-7 the silver cores with 2.0 GHz."
        ),
        [(None, 3300000000.0, "0-1"), (None, 2800000000.0, "2-5"), (None, 2000000000.0, "6-7")],
    ),
    (
        "The big cores (CPUs 4-7) go to 2.6 GHz, whereas the little cores (CPUs 0-3) stay below 1.9 GHz.",
        [(None, 2600000000.0, "4-7"), (None, 1900000000.0, "0-3")],
    ),
    (
        (
            "My laptop's got fast cores on CPUs 0-7, which do 4.7 GHz, and slow cores on CPUs 8-15, "
            "which do 3.3 GHz."
        ),
        [(None, 4700000000.0, "0-7"), (None, 3300000000.0, "8-15")],
    ),
]


@pytest.mark.parametrize(("said", "expected"), _CLASSES)
def test_classes_are_found(said: str, expected: list[tuple[int | None, float | None, str | None]]) -> None:
    it = read(f"A processor with several kinds of cores.\n{said}")
    assert [(each.count, each.max_hz, each.cpus) for each in it.cpu_classes] == expected


@pytest.mark.parametrize(
    "body",
    [
        "A processor. The old machine had 8 cores, CPUs 0-7, 3.9 GHz.",
        "A GPU with 128 compute units at 1.7 GHz.",
        "Memory seen from CPUs 0-7 at 90 ns.",
        "name: cxl0\ncpus: 0-7\nsize: 64 GB\n",
        "A memory card. It sits near cores 0-3, which clock down when idle.",
    ],
)
def test_what_is_no_class_gives_none(body: str) -> None:
    assert read(body).cpu_classes == ()
