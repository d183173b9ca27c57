"""What asking a language model has come to: for the metrics, and for whoever watches the budget."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Spent:
    """``money`` is in the currency that the configuration's prices are in."""

    calls: int = 0
    tokens: int = 0
    money: float = 0.0


@dataclass(frozen=True)
class Call:
    """One call of a model: when (s since the epoch), and its tokens, counted or estimated; or so many, of
    which only the most is known that they may come to."""

    at_s: float
    prompt_tokens: int
    answer_tokens: int
    count: int = 1


@dataclass(frozen=True)
class ModelFigures:
    """``window_tokens`` is the size of the model's window, ``context_tokens`` what of it was last used.

    ``flushes`` counts how often messages were moved out of it into recall storage, ``restarts`` how often
    the model's process was started anew, ``dropped`` the windows it was not told of, being busy or gone: all
    since the start of the run. ``limits`` has the budget, by its keys under [llm.budget]: None where there is
    no limit.
    """

    hour: Spent = field(default_factory=Spent)
    day: Spent = field(default_factory=Spent)
    limits: dict[str, float | None] = field(default_factory=dict)
    context_tokens: int = 0
    window_tokens: int = 0
    flushes: int = 0
    recalled_entries: int = 0
    restarts: int = 0
    dropped: int = 0
