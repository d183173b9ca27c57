"""The offline reader on small texts in very different styles."""

from typing import Any

import device_styles
import device_styles_long
import device_styles_reports
import device_styles_talk
import pytest

from llamas_bpf.contracts.profile import FIGURES
from llamas_bpf.machine.texts import reading, text

_SHORT = dict(zip(("r", "w", "rb", "wb", "c", "g"), FIGURES, strict=True))
_SCALE = {"rb": 1e9, "wb": 1e9, "c": 1e9}


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        *device_styles.EVERY,
        *device_styles_long.EVERY,
        *device_styles_reports.EVERY,
        *device_styles_talk.EVERY,
    ],
)
def test_a_text_of_any_style_is_read(body: str, expected: dict[str, Any]) -> None:
    it = reading.read(text.parse("it", body.encode()))
    found = {short: getattr(it, name) for short, name in _SHORT.items() if getattr(it, name) is not None}
    wanted = {short: expected[short] * _SCALE.get(short, 1) for short in _SHORT if short in expected}
    assert found == pytest.approx(wanted)
    good, bad = expected.get("good", set()), expected.get("bad", set())
    assert good <= set(it.good_at) and bad <= set(it.bad_at), it.said()
    assert not good & set(it.bad_at) and not bad & set(it.good_at), it.said()
    assert it.persistent is expected.get("persistent", it.persistent)
    assert it.kind == expected.get("kind", it.kind)
    thresholds = {(each.figure, each.side, each.value, each.action) for each in it.thresholds}
    assert thresholds == expected.get("thr", set())
    classes = [(each.count, each.max_hz, each.cpus) for each in it.cpu_classes]
    assert classes == expected.get("cls", [])
    said = [f"{doubt.words} {doubt.why}" for doubt in it.doubts]
    assert expected.get("doubt") is None or any(expected["doubt"] in each for each in said), said
