"""What a call of a language model has cost."""

import json

from llamas_bpf.contracts.exchange import Exchange
from llamas_bpf.contracts.model_figures import Call

#: About so many characters are a token, where the server has not counted.
_CHARS_PER_TOKEN = 4

#: The model has read nothing.
_UNSENT = {"unreachable", "http_error"}


def cost(exchange: Exchange, at_s: float) -> Call | None:
    """Whatever came of it; None for what took no time: it was stopped before it was sent, or replayed.

    Who says that he counted nothing has not counted.
    """
    if not exchange.latency_ns:
        return None
    prompt, answer = exchange.prompt_tokens, exchange.completion_tokens
    if not prompt:
        unsent = exchange.status in _UNSENT
        prompt = 0 if unsent else len(json.dumps(exchange.prompt)) // _CHARS_PER_TOKEN
    if not answer:
        answer = len(exchange.answer or "") // _CHARS_PER_TOKEN
    return Call(at_s, prompt, answer)
