"""A setting that each thread of a process has for itself, and hands down to the threads it makes.

Setting looks again until no thread is without the value; undoing gives each thread what it had, and those
born under our value what their process had. A thread that someone else has changed is left to them.
"""

from abc import abstractmethod
from collections import defaultdict
from collections.abc import Iterable

from llamas_bpf.act import tasks
from llamas_bpf.act.actuator import Actuator, Note, PutBack, Written
from llamas_bpf.act.entries import Old, ThreadValue
from llamas_bpf.act.errors import ActError, Gone, explained
from llamas_bpf.contracts.action import Affinity, Priority, Target
from llamas_bpf.contracts.workload import ProcessId

#: How often to look for new threads before giving up on a process that makes them faster than we set them.
ROUNDS = 20

Key = tuple[int, int]
OfThreads = Affinity | Priority


class ThreadActuator(Actuator):
    """``left`` are threads that someone else has changed; ``had`` those that were seen with our value."""

    #: What a thread is given, for sentences.
    what: str
    #: Why some threads are never touched.
    never = ""

    def __init__(self) -> None:
        self._left: dict[Target, set[Key]] = defaultdict(set)
        self._had: dict[Target, set[Key]] = defaultdict(set)

    @abstractmethod
    def get(self, tid: int) -> str | None:
        """What the thread has; None if it is never to be touched. May raise OSError."""

    @abstractmethod
    def give(self, tid: int, value: str) -> None:
        """May raise OSError, or ValueError for what is no such value."""

    def meant(self, target: OfThreads, ours: Iterable[str]) -> set[str]:
        """Every value that may be read where one of ours was written."""
        return set(ours)

    def read(self, target: OfThreads) -> Old:
        at_ticks = tasks.now_ticks()
        threads, others = self._scan(target)
        if not threads and others:
            raise ActError(f"process {target.pid} is left as it is: {others} {self.never}")
        return self._old(target, threads, at_ticks)

    def write(self, target: OfThreads, value: str) -> tuple[ThreadValue, ...]:
        return self.put(target, value, Old(value="")).met

    def put(self, target: OfThreads, value: str, found: Old) -> Written:
        tasks.check(_process(target))
        starts = {thread.tid: thread.start_ticks for thread in found.threads}
        met: dict[Key, ThreadValue] = {}
        fresh = list(found.threads)
        for _ in range(ROUNDS):
            for thread in fresh:
                met[thread.key] = thread
                self._give(target, thread, value)
            at_ticks = tasks.now_ticks()
            threads, others = self._scan(target, starts)
            skip = self._left[target] | met.keys()
            fresh = [thread for thread in threads if thread.value != value and thread.key not in skip]
            if not fresh:
                said = f"{others} {self.never}" if others else ""
                return Written(self._old(target, threads, at_ticks), tuple(met.values()), said)
        raise ActError(f"pid {target.pid} makes threads faster than they can be given {self.what}")

    def put_back(self, target: OfThreads, old: Old, ours: Iterable[str]) -> PutBack:
        original = {thread.key: thread.value for thread in old.threads}
        given: set[Key] = set()
        for _ in range(ROUNDS):
            own, _others = self._scan(target)
            threads = [*own, *tasks.born_since(_process(target), old.at_ticks, self.get)]
            wrong = [thread for thread in threads if thread.value != original.get(thread.key, old.value)]
            # One that was given its own and has not quite that: its cpuset has become narrower since.
            wrong = [thread for thread in wrong if thread.key not in given]
            mine = self._ours(target, wrong, ours)
            if not mine:
                return self._restored(target, own, sum(thread.key in original for thread in wrong))
            for thread in mine:
                self._give(target, thread, original.get(thread.key, old.value))
                given.add(thread.key)
        raise ActError(f"pid {target.pid} makes threads faster than they can be given back {self.what}")

    def reconcile(self, target: OfThreads, old: Old, ours: Iterable[str], note: Note) -> str | None:
        values = tuple(ours)
        threads = [thread for thread in self._scan(target)[0] if thread.key not in self._left[target]]
        kept = {thread.key for thread in self._ours(target, threads, values)}
        stray = [thread for thread in threads if thread.key not in kept]
        known = {thread.key for thread in old.threads} | self._had[target]
        originals = {old.value, *(thread.value for thread in old.threads)}
        # Born while its parent had not yet got our value: it has what its parent had.
        born = tuple(t for t in stray if t.key not in known and t.value in originals)
        changed = {thread.key for thread in stray} - {thread.key for thread in born}
        self._left[target] |= changed
        self._had[target] = kept | {thread.key for thread in born}
        if not self._had[target]:
            return f"someone else has given its threads other {self.what} since: they are left at that"
        if born and not note(born):
            for thread in born:
                self._give(target, thread, values[-1])
        return None

    def is_all(self, target: OfThreads, now: Old, value: str) -> bool:
        return all(thread.value == value for thread in now.threads)

    def is_ours(self, target: OfThreads, now: Old, ours: Iterable[str]) -> bool:
        return bool(self._ours(target, now.threads, ours))

    def _ours(
        self, target: OfThreads, threads: Iterable[ThreadValue], ours: Iterable[str]
    ) -> list[ThreadValue]:
        threads, values = [t for t in threads if t.key not in self._left[target]], set(ours)
        if any(thread.value not in values for thread in threads):
            values = self.meant(target, values)
        return [thread for thread in threads if thread.value in values]

    def _scan(self, target: OfThreads, starts: dict[int, int] | None = None) -> tuple[list[ThreadValue], int]:
        found = tasks.scan(_process(target), self.get, starts or {})
        if not any(found):
            raise Gone(f"process {target.pid} has ended")
        return found

    def _old(self, target: OfThreads, threads: list[ThreadValue], at_ticks: int) -> Old:
        """Without the threads that are left to someone else."""
        mine = [thread for thread in threads if thread.key not in self._left[target]]
        return Old(value=_own(target, mine or threads), threads=tuple(mine), at_ticks=at_ticks)

    def _give(self, target: OfThreads, thread: ThreadValue, value: str) -> None:
        if thread.value == value:
            return
        with explained(target):
            try:
                self.give(thread.tid, value)
            except ProcessLookupError:
                return  # a thread may end while we look: its process is asked again in the next round

    def _restored(self, target: OfThreads, own: list[ThreadValue], left: int) -> PutBack:
        if left == 0:
            return PutBack(_own(target, own) if own else None)
        return PutBack(
            None,
            f"someone else has given {left} of its threads other {self.what} since: they are left at that",
        )


def _process(target: OfThreads) -> ProcessId:
    return ProcessId(target.pid, target.start_ticks)


def _own(target: OfThreads, threads: list[ThreadValue]) -> str:
    """The process's own: its first thread's, if that may be touched."""
    return next((thread.value for thread in threads if thread.tid == target.pid), threads[0].value)
