"""Front matter that binds a device text to hardware, and texts that are refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llamas_bpf.contracts.profile import Binding
from llamas_bpf.errors import ConfigError
from llamas_bpf.machine.texts import text


@pytest.mark.parametrize(
    ("front", "binding"),
    [
        ("+++\nnode = 2\n+++\n", Binding(node=2)),
        ("---\nnode: 2\n---\n", Binding(node=2)),
        ("---\nnode = 2  # the far one\n---\n", Binding(node=2)),
        ('\n+++\ncpus = "0-7,16"\n+++\n', Binding(cpus="0-7,16")),
        ("---\ncpus: 3\n---\n", Binding(cpus="3")),
        ('---\npci: "0000:41:00.0"\n---\n', Binding(pci="0000:41:00.0")),
        ('+++\npci = "C1:00.0"\n+++\n', Binding(pci="0000:c1:00.0")),
        ("node = 2\n\n", Binding(node=2)),
        ("+++\n+++\n", Binding()),
        ("", Binding()),
    ],
)
def test_a_text_is_bound_by_its_front_matter(front: str, binding: Binding) -> None:
    for newline in ("\n", "\r\n"):
        raw = (front + "A slow memory.\nNode = 7 is another one.").replace("\n", newline).encode()
        device = text.parse("far", raw)
        assert (device.name, device.binding) == ("far", binding)
        assert device.body.strip() == "A slow memory.\nNode = 7 is another one."


@pytest.mark.parametrize(
    ("raw", "told"),
    [
        (b"", "is empty"),
        (b"+++\nnode = 2\n+++\n \n", "is empty"),
        (b"\x7fELF\0\0", "binary"),
        ("Speicher für Daten".encode("latin-1"), "save it as UTF-8"),
        (b"a" * (text.MOST_BYTES + 1), "at most 64 KiB"),
        (b"+++\nnode = 2\nA memory.", "end it with a line +++"),
        (b"+++\nnod = 2\n+++\nA memory.", "did you mean 'node'?"),
        (b"---\nnuma_node: 2\n---\nA memory.", "did you mean 'node'?"),
        (b"nodes = 2\nA memory.", "did you mean 'node'?"),
        (b"+++\nnode = 2\ncpus = '0-3'\n+++\nA memory.", "name only one"),
        (b"---\nnode: 2\nnode: 3\n---\nA memory.", "write one of"),
        (b"+++\nnode = -1\n+++\nA memory.", "write one of"),
        (b"+++\nnode = true\n+++\nA memory.", "write one of"),
        (b"+++\nnode = 'far'\n+++\nA memory.", "write one of"),
        (b"+++\npci = '41'\n+++\nA memory.", "write one of"),
        (b"+++\ncpus = '7-0'\n+++\nA memory.", "no CPU list"),
        (b"+++\ncpus = '0-99999999999'\n+++\nA memory.", "no CPU list"),
        (b"---\njust some prose\n---\nA memory.", "write one of"),
        (b"+++\nnode = " + b"[" * 900 + b"\n+++\nA memory.", "write one of"),
        (b"+++\n" + b"[" * 5000 + b"\n+++\nA memory.", "too long"),
    ],
)
def test_a_text_that_cannot_be_used_is_refused_with_what_to_do(raw: bytes, told: str) -> None:
    with pytest.raises(ConfigError, match=r"^far: ") as refused:
        text.parse("far", raw)
    assert told in str(refused.value)


def test_every_change_changes_the_hash() -> None:
    hashes = {
        text.parse("far", raw).hash for raw in (b"A memory", b"A memory.", b"+++\nnode = 1\n+++\nA memory")
    }
    assert len(hashes) == 3
    assert text.parse("near", b"A memory").hash == text.parse("far", b"A memory").hash


@given(st.binary(max_size=300) | st.text(max_size=300).map(lambda body: f"---\n{body}\n---\nx".encode()))
def test_any_bytes_are_read_or_refused(raw: bytes) -> None:
    try:
        assert text.parse("far", raw).body.strip()
    except ConfigError as refused:
        assert str(refused).isprintable()
