"""The offline frontend: reads a device text by its units and words, without any model."""

from llamas_bpf.contracts.profile import DeviceProfile
from llamas_bpf.machine.texts import grounding
from llamas_bpf.machine.texts.reading import (
    choice,
    class_records,
    class_tables,
    classes,
    figures,
    kind,
    passages,
    persistence,
    remarks,
    thresholds,
    traits,
    unknown,
)
from llamas_bpf.machine.texts.reading.subject import Subject
from llamas_bpf.machine.texts.text import DeviceText


def read(text: DeviceText) -> DeviceProfile:
    """What ``text`` says of its device. The same text always gives the same profile; it never raises."""
    pieces = passages.split(text.body)
    about = Subject(text, pieces)
    found = figures.read(pieces, about)
    claims, doubts = choice.choose(found.candidates)
    claims += kind.read(text, pieces, claims)
    for part in (persistence, remarks, thresholds, traits):
        claims += part.read(pieces, about)
    claims += classes.read(pieces, about) or class_records.read(pieces)
    claims += class_tables.read(text.body, pieces)
    return grounding.profile(text, "offline", claims, [*found.doubts, *doubts, *unknown.doubts(pieces)])
