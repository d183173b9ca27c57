"""Events until the model's process has them: what it missed is told again, so that it can be recalled."""

from collections import deque

from llamas_bpf.advise.confined.messages import Event, Observation

_MOST = 256


class Backlog:
    """The newest ``_MOST`` events that are still to be told; the windows that they belong to are not kept."""

    def __init__(self) -> None:
        self._waiting: deque[Event] = deque(maxlen=_MOST)
        self._sent: deque[list[Event]] = deque()  # by window, until each is confirmed

    def with_earlier(self, window: Observation) -> Observation:
        """The window, and before its own events those that were missed."""
        own = [event.model_copy(update={"window": window.number}) for event in window.events]
        return window.model_copy(update={"events": [*self._waiting, *own]})

    def keep(self, told: Observation, sent: bool) -> None:
        """What ``with_earlier`` gave was sent, or could not be."""
        if sent:
            self._sent.append(list(told.events))
            self._waiting.clear()
        else:
            self._waiting = deque(told.events, _MOST)

    def confirmed(self) -> None:
        """The process is done with the oldest window that it was sent."""
        if self._sent:
            self._sent.popleft()

    def ended(self) -> None:
        """The process is gone: what it did not confirm may be lost."""
        missed = [event for events in self._sent for event in events]
        self._sent.clear()
        self._waiting = deque([*missed, *self._waiting], _MOST)
