"""What a model may claim of a device: in the text's own numbers and units, each with its words."""

from functools import cache
from typing import Annotated, Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from llamas_bpf.advise.model.answer import AnswerError
from llamas_bpf.advise.model.form import portable
from llamas_bpf.as_json import Json
from llamas_bpf.contracts.profile import TRAITS, Doubt, Figure, Kind, Threshold, Trait
from llamas_bpf.machine.texts import grounding, quantities
from llamas_bpf.machine.texts.claim import Claim
from llamas_bpf.machine.texts.quantities import Quantity

#: Of one part of a text: a profile has room for no more.
MOST = 100

_Unit = Annotated[str, Field(max_length=40)]


class _Said(BaseModel):
    model_config = ConfigDict(frozen=True)

    words: str = Field(min_length=1, max_length=300)


class FigureSaid(_Said):
    field: Figure
    value: float
    unit: _Unit


class KindSaid(_Said):
    field: Literal["kind"]
    value: Kind


class PersistentSaid(_Said):
    field: Literal["persistent"]
    value: bool


class WordsSaid(_Said):
    field: Literal["endurance", "cost", "power"]


class TraitSaid(_Said):
    field: Literal["good_at", "bad_at"]
    value: Trait | Annotated[str, Field(min_length=1, max_length=100)]


class Cpus(BaseModel):
    name: str = Field(min_length=1, max_length=60)
    count: int | None = None
    cpus: Annotated[str, Field(max_length=100)] | None = None
    most_clock: float | None = None


class CpusSaid(_Said):
    field: Literal["cpu_classes"]
    value: Cpus
    unit: _Unit | None = None


class ThresholdSaid(_Said):
    """``value`` is in ``unit``: ``per minute``, ``%``."""

    field: Literal["thresholds"]
    value: Threshold
    unit: _Unit


Said = Annotated[
    FigureSaid | KindSaid | PersistentSaid | WordsSaid | TraitSaid | CpusSaid | ThresholdSaid,
    Field(discriminator="field"),
]
SAID: TypeAdapter[Said] = TypeAdapter(Said)


@cache
def schema() -> Json:
    """What an answer must fit."""
    claims: Json = portable(TypeAdapter(list[Said]).json_schema())
    definitions = claims.pop("$defs")
    return {
        "type": "object",
        "properties": {"claims": claims},
        "required": ["claims"],
        "additionalProperties": False,
        "$defs": definitions,
    }


def heard(answer: Json) -> tuple[list[Said], list[Doubt]]:
    """Each claim once, and why others are none. Raises AnswerError for what is no list of claims."""
    claims = answer["claims"]
    if not isinstance(claims, list):
        raise AnswerError("invalid", '"claims" in the answer is no list')
    said: list[Said] = []
    doubts: list[Doubt] = []
    for claim in claims[:MOST]:
        try:
            one = SAID.validate_python(claim)
        except ValidationError as error:
            doubts.append(_no_claim(claim, error))
        else:
            if one not in said:
                said.append(one)
    if len(claims) > MOST:
        why = f"the model made {len(claims)} claims about one part: only the first {MOST} were looked at"
        doubts.append(grounding.doubt("claims", "", why))
    return said, doubts


def _no_claim(claim: Any, error: ValidationError) -> Doubt:
    of = claim if isinstance(claim, dict) else {}
    first = error.errors(include_input=False, include_url=False)[0]
    why = f"not a claim: {'.'.join(map(str, first['loc'][1:]))[:100]}: {first['msg'][:150]}"
    if first["type"] == "union_tag_invalid":
        why = "the model named a field that there is none of"
    return grounding.doubt(str(of.get("field", "claims")), str(of.get("words", "")), why)


def vocabulary() -> dict[str, list[str]]:
    """What a prompt may say of the fields."""
    return {
        "figures": [*get_args(Figure)],
        "kinds": [*get_args(Kind)],
        "traits": [*TRAITS],
        "threshold_figures": _choices(Threshold, "figure"),
        "actions": _choices(Threshold, "action"),
    }


def _choices(model: type[BaseModel], field: str) -> list[str]:
    return [*get_args(model.model_fields[field].annotation)]


def claims(said: list[Said]) -> tuple[list[Claim], list[Doubt]]:
    """In a profile's units, for grounding; and those whose unit nobody knows."""
    good: list[Claim] = []
    doubts: list[Doubt] = []
    for one in said:
        try:
            good.append(Claim(one.field, _value(one), one.words))
        except ValueError as error:
            doubts.append(grounding.doubt(one.field, one.words, str(error)))
    return good, doubts


def _value(said: Said) -> Any:
    match said:
        case FigureSaid():
            return _amount(said.value, said.unit).value
        case WordsSaid():
            return said.words
        case TraitSaid():
            known = said.value in TRAITS or said.value.startswith("other: ")
            return said.value if known else f"other: {said.value}"
        case CpusSaid():
            clock = said.value.most_clock
            max_hz = None if clock is None else _amount(clock, said.unit or "").value
            return said.value.model_dump(exclude={"most_clock"}) | {"max_hz": max_hz}
        case ThresholdSaid():
            amount = _amount(said.value.value, said.unit)
            value = amount.value / 1e9 if amount.family == "time" else amount.value
            return said.value.model_copy(update={"value": value})
        case _:
            return said.value


def _amount(value: float, unit: str) -> Quantity:
    """Read as if it stood in the text, and so in the units of a profile; times in ns."""
    written = f"{value:.12g} {unit.strip()}"
    match quantities.find(written):
        case [Quantity(start=0, end=end) as amount] if end == len(written):
            return amount
    raise ValueError(f"{written!r} is no amount in a known unit")
