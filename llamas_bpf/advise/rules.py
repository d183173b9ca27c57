"""The rules advisor: answers at once, always, and without a model."""

from collections import Counter, defaultdict
from collections.abc import Iterator

from llamas_bpf.advise import NOTHING, Earlier
from llamas_bpf.advise.lasting import Lasting
from llamas_bpf.advise.rule import Rule, load, words_of
from llamas_bpf.advise.terms import Terms
from llamas_bpf.as_json import Json
from llamas_bpf.config import Config
from llamas_bpf.contracts.action import Target
from llamas_bpf.contracts.exchange import Exchange
from llamas_bpf.contracts.hint import Advice, Hint
from llamas_bpf.contracts.model_figures import ModelFigures
from llamas_bpf.contracts.situation import Situation

#: A rule's name and the workload it was asked about; None for the machine.
_Case = tuple[str, str | None]

#: A rule with its place in the order.
_Placed = tuple[int, Rule]

#: A hint that came to nothing is given again less and less often, down to once in so many times `every_s`.
PATIENCE = 16

#: So many windows in a row in which a rule needed what was known of nobody are worth a sentence.
BLIND_WINDOWS = 10


def create(config: Config, earlier: Earlier = NOTHING) -> "RulesAdvisor":
    """With the operator's rules and the packaged ones."""
    return RulesAdvisor(load(config))


class RulesAdvisor:
    """``blind`` counts, per rule, the windows in a row in which nobody's figures were enough for it."""

    name = "rules"
    why = ""

    def __init__(self, rules: list[Rule]) -> None:
        self.blind: dict[str, int] = {}
        self._could_tell: dict[str, bool] = {}  # in this window, whether of anybody
        self._rules = rules
        self._words_at_first = words_of(each for rule in rules for each in rule.shared)
        self._held_before: dict[_Case, int] = {}
        self._held: dict[_Case, int] = {}  # for how many windows in a row
        self._given_ns: dict[_Case, int] = {}
        self._times: Counter[_Case] = Counter()  # given since anything in force changed
        self._in_force: frozenset[tuple[Target, str]] = frozenset()
        self._number: int | None = None
        self._lasting: Lasting | None = None

    def advise(self, situation: Situation) -> Advice:
        """The hints of all rules that hold, in the order of the rules."""
        missed = situation.number - 1 != self._number
        self._held_before, self._held = {} if missed else self._held, {}
        self._number = situation.number
        self._could_tell = {}
        self._start_anew_where_things_changed(situation)
        if self._lasting is None or self._lasting.machine is not situation.machine:
            self._lasting = Lasting(situation.machine)
        terms = Terms(situation, self._lasting)
        terms.keep_to(self._words_at_first)
        now_ns = situation.digest.end_ns
        asked = self._open(self._not_ruled_out(terms), terms, situation)
        found = [each for workload, those in asked for each in self._ask(those, workload, terms, now_ns)]
        hints = [hint for _, hint in sorted(found, key=lambda each: each[0])]
        ids = {workload.id for workload in situation.digest.workloads}
        self._given_ns = {c: at_ns for c, at_ns in self._given_ns.items() if c[1] is None or c[1] in ids}
        nodes = {f"node{node.id}" for node in situation.machine.nodes}
        devices = {device.id for device in situation.machine.devices}
        return Advice(
            advisor=self.name,
            hints=hints,
            known_ids=frozenset(ids | nodes | devices),
            degradations=self._blind_rules(),
        )

    def observe(self, situation: Situation) -> None:
        """What was not asked about is no rule's business."""

    def figures(self) -> ModelFigures | None:
        """No model is asked."""
        return None

    def drain_exchanges(self) -> list[Exchange]:
        """Rules ask nobody."""
        return []

    def idle(self) -> bool:
        """They answer at once."""
        return True

    def close(self) -> None:
        """Nothing is held."""

    def _not_ruled_out(self, terms: Terms) -> list[_Placed]:
        """Those that may hold, each with its place in the order: on few machines all of them can."""
        ruled_out = [rule.is_ruled_out(terms) for rule in self._rules]
        self._could_tell |= {
            rule.text.name: True for rule, out in zip(self._rules, ruled_out, strict=True) if out
        }
        return [(place, rule) for place, rule in enumerate(self._rules) if not ruled_out[place]]

    def _open(
        self, rules: list[_Placed], terms: Terms, situation: Situation
    ) -> Iterator[tuple[Json | None, list[_Placed]]]:
        """None for the machine, then workloads, each with the rules that may hold of it.

        One decision at a time: the next one about a workload waits until the last is judged.
        """
        of_machine = [each for each in rules if each[1].text.about == "machine"]
        asked = [rule for _, rule in of_machine]
        due = terms.places(situation.scope, but=situation.on_trial)
        of: dict[int, list[_Placed]] = defaultdict(list)
        for each in rules:
            if each[1].text.about == "workload":
                open_, told = each[1].left_open(terms, due)
                if due.size:
                    self._could_tell[each[1].text.name] = told
                asked += [each[1]] if open_.size else []
                for place in open_.tolist():
                    of[place].append(each)
        terms.keep_to(words_of(asked))
        if None not in situation.on_trial:
            yield None, of_machine
        places = sorted(of)
        for workload, place in zip(terms.workloads(places), places, strict=True):
            yield workload, of[place]

    def _ask(
        self, rules: list[_Placed], workload: Json | None, terms: Terms, now_ns: int
    ) -> list[tuple[int, Hint]]:
        """Each of these rules: the first hint that is due, with its place in the order. The others are asked
        too, since they count for how many windows they hold."""
        found: list[tuple[int, Hint]] = []
        if workload:
            terms.about(workload)
        for place, rule in rules:
            if self._holds(rule, workload, terms) and not found:
                hint = self._hint(rule, workload["id"] if workload else None, terms, now_ns)
                found += [(place, hint)] if hint else []
        return found

    def _holds(self, rule: Rule, workload: Json | None, terms: Terms) -> bool:
        """For enough windows in a row."""
        case = (rule.text.name, workload["id"] if workload else None)
        try:
            holds = rule.holds(terms)
        except Exception:  # CEL's many kinds: all say that something is not known
            self._could_tell.setdefault(rule.text.name, False)
            return False
        self._could_tell[rule.text.name] = True
        if holds:
            self._held[case] = self._held_before.get(case, 0) + 1
        return holds and self._held[case] >= rule.text.for_windows

    def _hint(self, rule: Rule, workload: str | None, terms: Terms, now_ns: int) -> Hint | None:
        case = (rule.text.name, workload)
        if not self._due(rule, case, now_ns):
            return None
        try:
            hint = rule.hint(terms, workload)
        except Exception:  # CEL's many kinds, and pydantic's
            return None
        self._given_ns[case] = now_ns
        self._times[case] += 1
        return hint

    def _blind_rules(self) -> tuple[str, ...]:
        blind = [name for name, could in self._could_tell.items() if not could]
        self.blind = {name: self.blind.get(name, 0) + 1 for name in blind}
        return tuple(
            f"rule {name} is blind: what it needs to know has not been told of anything for {BLIND_WINDOWS}"
            " windows (`record` shows it as null)"
            for name, windows in self.blind.items()
            if windows >= BLIND_WINDOWS
        )

    def _due(self, rule: Rule, case: _Case, now_ns: int) -> bool:
        given_ns = self._given_ns.get(case)
        wait_s = rule.text.every_s * min(2 ** max(self._times[case] - 1, 0), PATIENCE)
        return given_ns is None or now_ns - given_ns >= wait_s * 1e9

    def _start_anew_where_things_changed(self, situation: Situation) -> None:
        """What was refused, or came to nothing, may fare otherwise once something else is in force."""
        in_force = frozenset((each.action.target, each.action.value) for each in situation.in_force)
        if in_force != self._in_force:
            self._in_force = in_force
            self._times.clear()
