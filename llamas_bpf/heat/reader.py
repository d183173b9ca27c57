"""The best source there is, read beside the windows: asking the kernel may take longer than one."""

import threading
from collections.abc import Sequence

from llamas_bpf.contracts.machine import Machine
from llamas_bpf.contracts.workload import Workload
from llamas_bpf.heat.source import Heat, Kind, Source, UnusableError


class Reader:
    """Gives what was known last, at once, and has it looked up anew by a thread of its own.

    A source that stops being usable, because somebody else took it or switched it off, is left for the next.
    """

    def __init__(self, machine: Machine, kinds: Sequence[Kind]) -> None:
        self._machine = machine
        self._untried = list(kinds)
        self._degradations: tuple[str, ...] = ()
        self._source = self._open_next()
        self._known: dict[str, Heat] = {}
        self._wanted: tuple[Workload, ...] | None = None
        self._closing = False
        self._error: BaseException | None = None
        self._change = threading.Condition()
        self._thread = threading.Thread(target=self._run, name="heat", daemon=True)
        self._thread.start()

    @property
    def source(self) -> str:
        """``damon``, ``mglru``, ``numa hints``, or nothing."""
        source = self._source
        return source.name if source else ""

    @property
    def degradations(self) -> tuple[str, ...]:
        """Why a better source is not used, and what the one in use cannot tell; each names the fix."""
        source = self._source
        return (*self._degradations, *([source.limits] if source and source.limits else []))

    def read(self, workloads: Sequence[Workload], window_ns: int) -> dict[str, Heat]:
        """What is known of these, by ``Workload.id``; the busiest come first. It never waits for the kernel.

        To be called once a window: sources look again no more often than that, and give figures of their own
        time, which their files describe, not of the window: ``window_ns`` is there for those that count.
        """
        with self._change:
            if self._error:
                raise self._error
            self._wanted = tuple(workloads)
            self._change.notify()
            return {w.id: self._known[w.id] for w in workloads if w.id in self._known}

    def close(self) -> None:
        """Ends the thread, which takes as long as what it is at, and leaves nothing behind."""
        with self._change:
            self._closing = True
            self._change.notify()
        self._thread.join()

    def _run(self) -> None:
        try:
            while (wanted := self._next()) is not None:
                known = self._refresh(wanted)
                with self._change:
                    self._known = known
        except BaseException as error:  # told to the caller, who has no other way to know
            self._error = error
        finally:
            self._end()

    def _next(self) -> tuple[Workload, ...] | None:
        with self._change:
            self._change.wait_for(lambda: self._closing or self._wanted is not None)
            wanted, self._wanted = self._wanted, None
            return None if self._closing else wanted

    def _refresh(self, wanted: tuple[Workload, ...]) -> dict[str, Heat]:
        if not self._source:
            return {}
        try:
            return self._source.refresh(wanted)
        except UnusableError as error:
            return self._leave(str(error))
        except Exception as error:
            # A mistake of ours: it must not end the windows, which tell much else.
            return self._leave(
                f"{self._source.name} failed, please report it: {type(error).__name__}: {error}"
            )

    def _leave(self, why: str) -> dict[str, Heat]:
        """For the next source."""
        self._degradations += (why,)
        self._end()
        self._source = self._open_next()
        return {}

    def _end(self) -> None:
        """What does not let itself be ended is taken up, or away, by whoever uses it next: no reason to end
        the windows."""
        source, self._source = self._source, None
        if source:
            try:
                source.close()
            except OSError as error:
                self._degradations += (f"{source.name} could not be ended: {error}",)

    def _open_next(self) -> Source | None:
        while self._untried:
            try:
                return self._untried.pop(0).open(self._machine)
            except UnusableError as error:
                self._degradations += (str(error),)
        self._degradations += ("which memory is hot is not known: none of its sources can be used",)
        return None
