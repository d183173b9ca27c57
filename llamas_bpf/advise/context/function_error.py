"""How a function of the model's fails."""

from llamas_bpf.contracts.exchange import Status


class FunctionError(Exception):
    """Told to the model in one sentence, so that it can do better. ``status``: what it is counted under."""

    def __init__(self, sentence: str, status: Status = "invalid") -> None:
        super().__init__(sentence)
        self.status: Status = status
