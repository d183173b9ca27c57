"""Rules that an operator writes: what they may say, and how mistakes in them are told."""

import contextlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from situations import hot, situation

from llamas_bpf.advise import rules
from llamas_bpf.advise.expression import Expression
from llamas_bpf.config import Config
from llamas_bpf.errors import ConfigError


def own(tmp_path: Path, text: str) -> rules.RulesAdvisor:
    """Only the rules of ``text``: the packaged files are replaced by empty ones."""
    folder = tmp_path / "rules"
    folder.mkdir(exist_ok=True)
    for name in ("memory", "cpu", "tiering"):
        (folder / f"{name}.toml").write_text("")
    (folder / "own.toml").write_text(text)
    return rules.create(Config(policies=tmp_path))


RULE = """
[[rule]]
name = "mine"
about = "workload"
when = ["workload.sched.wakeups_per_s * 2.0 > 1.0"]
[rule.hint]
kind = "weigh_cpu"
weight = 50
confidence = 0.5
[rule.compute]
reason = "'wakes ' + whole(workload.sched.wakeups_per_s)"
"""


def test_an_operators_rule(tmp_path: Path) -> None:
    advisor = own(tmp_path, RULE)
    # 60 wake-ups a second is a whole number: still a double for CEL.
    [hint] = advisor.advise(situation([hot()])).hints
    assert hint.kind == "weigh_cpu"
    assert (hint.workload, hint.weight) == ("w1", 50)


@pytest.mark.parametrize(
    ("right", "wrong", "sentence"),
    [
        ('when = ["', 'when = ["1 +* ', "when: Failed to parse expression"),
        ("wakeups_per_s * ", "wakeup_per_s * ", "did you mean workload.sched.wakeups_per_s?"),
        (
            "workload.sched.wakeups_per_s * 2.0",
            "wrkload.x * 2.0",
            "unknown name wrkload; did you mean workload?",
        ),
        ("* 2.0", "* 2", "when: workload.sched.wakeups_per_s * 2 > 1.0: Unsupported operation"),
        (" > 1.0", "", "gives 2001.0, not true or false"),
        ("whole(", "hole(", "reason: 'wakes ' + hole(workload.sched.wakeups_per_s): unknown name hole"),
        ("weight = 50", "weight = 50000", "hint: weight: Input should be less than or equal to 10000"),
        ("weight = 50", "wieght = 50", "hint: "),
        ("weigh_cpu", "weigh_cpus", "hint: kind"),
        ('about = "workload"', 'about = "machine"', "unknown name workload; did you mean workloads?"),
        ("about =", "abuot =", "unknown key rule.0.abuot; did you mean about?"),
        ('name = "mine"', 'name = "M!"', "rule.0.name"),
    ],
)
def test_a_wrong_rule_is_refused_when_it_is_read(
    tmp_path: Path, right: str, wrong: str, sentence: str
) -> None:
    assert right in RULE
    with pytest.raises(ConfigError) as error:
        own(tmp_path, RULE.replace(right, wrong, 1))
    assert sentence in str(error.value)
    assert "own.toml" in str(error.value)


def test_a_wrong_name_behind_a_condition_that_is_false_is_found_too(tmp_path: Path) -> None:
    text = RULE.replace('> 1.0"', '> 1e9 && workloads.exists(o, o.shed.run_ns > 1.0)"')
    with pytest.raises(
        ConfigError, match=r"rule mine: when: .*unknown name o\.shed; did you mean o\.sched\?"
    ):
        own(tmp_path, text)


def test_two_rules_of_one_name(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="another rule of this name"):
        own(tmp_path, RULE + RULE)


@given(
    st.text(alphabet=st.sampled_from("workload.s[]()'\"1+ ,:?!&|{}\\xé"), max_size=40) | st.text(max_size=40)
)
def test_no_text_crashes_the_loader(source: str) -> None:
    with contextlib.suppress(ConfigError):
        Expression(source).check_names({"workload": {}, "workloads": [], "machine": {}, "in_force": []})
