"""A thread beside the loop that answers one question at a time."""

import queue
import threading
from collections.abc import Callable
from typing import Generic, TypeVar

Question = TypeVar("Question")
Result = TypeVar("Result")

_CLOSE_S = 1.0


class Worker(Generic[Question, Result]):
    """``work`` must not raise. Neither ``offer`` nor ``take`` ever waits; one thread calls them."""

    def __init__(self, work: Callable[[Question], Result], end: Callable[[], None]) -> None:
        self._work, self._end = work, end
        self._questions: queue.SimpleQueue[Question | None] = queue.SimpleQueue()
        self._results: queue.SimpleQueue[Result] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self.busy = False

    def offer(self, question: Question) -> None:
        """Hand over a question; only while not ``busy``."""
        assert not self.busy
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="advisor", daemon=True)
            self._thread.start()
        self.busy = True
        self._questions.put(question)

    def take(self) -> Result | None:
        """The result, once; None while there is none."""
        try:
            result = self._results.get_nowait()
        except queue.Empty:
            return None
        self.busy = False
        return result

    def close(self) -> None:
        """End soon. A question that hangs is left to its time-out: the thread keeps no program alive."""
        if self._thread is not None:
            self._questions.put(None)
            self._thread.join(_CLOSE_S)

    def _run(self) -> None:
        try:
            while (question := self._questions.get()) is not None:
                self._results.put(self._work(question))
        finally:
            self._end()
