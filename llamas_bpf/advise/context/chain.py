"""One question: ask, do what the model says, tell it what came of it, until it yields."""

from llamas_bpf.advise.context import functions
from llamas_bpf.advise.context.call import Call, Reach, written
from llamas_bpf.advise.context.calls import Calls
from llamas_bpf.advise.context.fifo import Message
from llamas_bpf.advise.context.function_error import FunctionError
from llamas_bpf.advise.context.functions import give_hints
from llamas_bpf.advise.context.memory import StorageError
from llamas_bpf.advise.context.schema import step_schema
from llamas_bpf.advise.context.tokens import TokenCount
from llamas_bpf.advise.context.window import Window
from llamas_bpf.advise.model import answer
from llamas_bpf.advise.model.answer import AnswerError, Reply
from llamas_bpf.contracts.hint import Hint

_SCHEMA = step_schema()
#: Of what the model said, so much stays in the window; the exchange has all of it.
_STEP_CHARS, _THOUGHTS_CHARS = 2000, 300


class Chain:
    """``run`` ends it; it never raises but for a mistake of ours."""

    def __init__(self, window: Window, calls: Calls, tokens: TokenCount, reach: Reach) -> None:
        self._window, self._calls, self._tokens, self._reach = window, calls, tokens, reach
        self._number = reach.observation.number

    def run(self, steps: int) -> list[Hint]:
        """The hints, if it comes to any. Every call is in ``calls.exchanges``, with what it came to."""
        failed: tuple[str, str] | None = None
        for _ in range(steps):
            try:
                reply = self._ask()
            except AnswerError as error:
                self._calls.fail(error)
                return []
            call = None
            try:
                call = self._call(reply)
                result = self._do(call)
            except FunctionError as error:
                same, failed = failed == (reply.text, str(error)), (reply.text, str(error))
                # Told what is wrong with what it does, it does the same again: it would go on.
                loops = same and call is not None and error.status == "invalid"
                self._calls.conclude("endless" if loops else error.status, str(error))
                if same:
                    return []
                self._tell(reply.text[:_STEP_CHARS] or "(nothing)", written({"error": str(error)}))
                continue
            failed = None
            if isinstance(call, give_hints.Call):
                self._window.add(Message("assistant", "step", self._number, _said(call)))
                if result:
                    self._calls.conclude("unknown_id", result)
                known = set(self._reach.observation.known_ids)
                return [hint for hint in call.hints if answer.ids(hint) <= known]
            self._tell(_said(call), result)
            if not call.request_heartbeat:
                return []
        if failed is None:
            self._calls.conclude("endless", f"{steps} steps, and no hints")
        return []

    def _ask(self) -> Reply:
        """Raises AnswerError. Where the server finds the prompt too long after all, once more, shorter."""
        self._window.make_room(self._calls)
        try:
            return self._calls.ask(self._window.pieces(), self._window.answer_tokens(), _SCHEMA)
        except AnswerError as error:
            if not error.context_full:
                raise
        self._tokens.too_long()
        self._window.make_room(self._calls)
        return self._calls.ask(self._window.pieces(), self._window.answer_tokens(), _SCHEMA)

    def _call(self, reply: Reply) -> Call:
        try:
            call = functions.parse(answer.found(reply))
        except AnswerError as error:
            raise FunctionError(str(error), error.status) from None
        self._calls.conclude("ok", function=call.function)  # type: ignore[attr-defined]
        return call

    def _do(self, call: Call) -> str:
        try:
            return functions.run(call, self._reach)
        except StorageError:
            raise FunctionError("the memory cannot be read or written now: go on without it") from None

    def _tell(self, said: str, result: str) -> None:
        self._window.add(Message("assistant", "step", self._number, said))
        self._window.add(Message("user", "result", self._number, f"Result: {result}"))


def _said(call: Call) -> str:
    """As the model will see it again: what it thought is shortened."""
    thoughts = call.thoughts[:_THOUGHTS_CHARS] if call.thoughts else None
    return call.model_copy(update={"thoughts": thoughts}).model_dump_json(exclude_defaults=True)[:_STEP_CHARS]
