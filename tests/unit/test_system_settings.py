"""Machine-wide settings, on files that stand for the kernel's."""

from pathlib import Path

import pytest
from acting import action

from llamas_bpf.act import holds
from llamas_bpf.act.actuator import PutBack
from llamas_bpf.act.actuators.interleave import DIRECTORY, InterleaveActuator
from llamas_bpf.act.actuators.system import FILES, MIN_FREE, SystemActuator
from llamas_bpf.act.entries import Intent, Old, Settled
from llamas_bpf.act.errors import Gone
from llamas_bpf.contracts.action import InterleaveWeight, SystemKnob, SystemKnobName, Target
from llamas_bpf.contracts.knobs import KNOBS

HUGE = SystemKnob(knob="transparent_hugepage.enabled")
NODE0 = InterleaveWeight(node=0)


def put(root: Path, path: str, text: str) -> Path:
    file = root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    return file


@pytest.mark.parametrize("name", list(FILES))
def test_a_setting_that_the_kernel_lacks_is_named_with_what_it_needs(
    tmp_path: Path, name: SystemKnobName
) -> None:
    with pytest.raises(Gone, match=rf"^{name}: no such thing here.*: boot a kernel with CONFIG_"):
        SystemActuator(tmp_path).read(SystemKnob(knob=name))
    assert name in KNOBS


def test_set_and_put_back(tmp_path: Path) -> None:
    file = put(tmp_path, FILES["vm.swappiness"].path, "60\n")
    tool, target = SystemActuator(tmp_path), SystemKnob(knob="vm.swappiness")
    old = tool.read(target)
    assert (old.value, old.beside) == ("60", "")
    tool.write(target, "10")
    assert tool.read(target).value == "10"
    assert tool.put_back(target, old, ["10"]) == PutBack("60")
    assert file.read_text() == "60"


def test_of_several_words_the_one_in_brackets_is_in_force(tmp_path: Path) -> None:
    put(tmp_path, FILES[HUGE.knob].path, "always [madvise] never\n")
    put(tmp_path, MIN_FREE.path, "67584\n")
    old = SystemActuator(tmp_path).read(HUGE)
    assert (old.value, old.beside) == ("madvise", "67584")


def test_what_a_setting_changed_besides_comes_back_with_it(tmp_path: Path) -> None:
    put(tmp_path, FILES[HUGE.knob].path, "always madvise [never]\n")
    beside = put(tmp_path, MIN_FREE.path, "4096\n")
    tool = SystemActuator(tmp_path)
    old = tool.read(HUGE)
    put(tmp_path, FILES[HUGE.knob].path, "[always] madvise never\n")
    beside.write_text("112640\n")
    assert tool.put_back(HUGE, old, ["always"]).left is None  # killed before it was written down
    assert beside.read_text() == "4096"
    beside.write_text("112640\n")
    put(tmp_path, FILES[HUGE.knob].path, "always madvise [never]\n")
    became = old.model_copy(update={"became": "112640"})
    assert tool.put_back(HUGE, became, ["always"]) == PutBack("never")
    assert beside.read_text() == "4096"


def test_what_somebody_set_besides_stays(tmp_path: Path) -> None:
    file = put(tmp_path, FILES[HUGE.knob].path, "always madvise [never]\n")
    beside = put(tmp_path, MIN_FREE.path, "4096\n")
    tool = SystemActuator(tmp_path)
    old = tool.read(HUGE)
    beside.write_text("262144\n")  # before our write, which never took place
    assert tool.put_back(HUGE, old, ["always"]) == PutBack("never")
    assert beside.read_text() == "262144\n"
    file.write_text("[always] madvise never\n")  # after it
    tool.put_back(HUGE, old.model_copy(update={"became": "112640"}), ["always"])
    assert beside.read_text() == "262144\n"


def test_what_it_became_is_kept_in_the_journal() -> None:
    held: holds.Holds = {}
    old = Old(value="never", beside="4096")
    holds.add(held, Intent(boot_id="b", at_ns=0, at_s=0, action=action(HUGE, "always"), found="", old=old))
    holds.add(held, Settled(target=HUGE, new="always", beside="112640"))
    again: holds.Holds = {}
    for entry in holds.as_entries(held):
        holds.add(again, entry)
    assert again[HUGE].intent.old.became == "112640"


def test_nothing_besides_is_touched_where_somebody_else_has_set_it(tmp_path: Path) -> None:
    put(tmp_path, FILES[HUGE.knob].path, "always madvise [never]\n")
    beside = put(tmp_path, MIN_FREE.path, "4096\n")
    tool = SystemActuator(tmp_path)
    old = tool.read(HUGE)
    put(tmp_path, FILES[HUGE.knob].path, "always [madvise] never\n")
    beside.write_text("9999\n")
    assert "someone else" in (tool.put_back(HUGE, old, ["always"]).left or "")
    assert beside.read_text() == "9999\n"


def test_a_weight_without_the_kernels_choice(tmp_path: Path) -> None:
    file = put(tmp_path, f"{DIRECTORY}/node0", "1\n")
    tool = InterleaveActuator(tmp_path)
    old = tool.read(NODE0)
    assert old.value == "1"
    tool.write(NODE0, "4")
    assert tool.put_back(NODE0, old, ["4"]) == PutBack("1")
    assert file.read_text() == "1"
    with pytest.raises(Gone, match=r"weighted_interleave of node3: no such thing here.*since 6\.9"):
        tool.read(InterleaveWeight(node=3))


def test_the_kernels_choice_comes_back_with_the_last_of_ours(tmp_path: Path) -> None:
    first = put(tmp_path, f"{DIRECTORY}/node0", "14\n")
    put(tmp_path, f"{DIRECTORY}/node1", "3\n")
    auto = put(tmp_path, f"{DIRECTORY}/auto", "true\n")
    tool, held, node1 = InterleaveActuator(tmp_path), dict[Target, holds.Hold](), InterleaveWeight(node=1)
    tool.held = lambda: held
    for target in (NODE0, node1):
        old = tool.read(target)
        assert old.value.startswith("auto ")  # the second, too, although it is off by then
        intent = Intent(boot_id="b", at_ns=0, at_s=0, action=action(target, "4"), found=old.value, old=old)
        holds.add(held, intent)
        tool.write(target, "4")
        auto.write_text("false\n")  # as the kernel does
    assert tool.put_back(NODE0, held[NODE0].intent.old, ["4"]) == PutBack("14")
    del held[NODE0]
    assert (first.read_text(), auto.read_text()) == ("14", "false\n")
    tool.put_back(node1, held[node1].intent.old, ["4"])
    assert auto.read_text() == "true"


@pytest.mark.parametrize("name", ["auto", "__auto_type"])
def test_a_weight_of_the_kernels_choice_comes_back_as_that(tmp_path: Path, name: str) -> None:
    file, auto = put(tmp_path, f"{DIRECTORY}/node0", "14\n"), put(tmp_path, f"{DIRECTORY}/{name}", "true\n")
    tool = InterleaveActuator(tmp_path)
    old = tool.read(NODE0)
    assert old.value == "auto 14"
    tool.write(NODE0, "4")
    auto.write_text("false\n")  # as the kernel does
    assert tool.read(NODE0).value == "4"
    tool.put_back(NODE0, old, ["4"])
    assert (auto.read_text(), file.read_text()) == ("true", "4")  # the kernel then writes its own
