"""A setting that each thread of a process has for itself, and hands down to the threads it makes.

Setting looks again until no thread is without the value; undoing gives each thread what it had, and those
born under our value what their process had. A thread that someone else has changed is left to them.
"""

from abc import abstractmethod
from collections import defaultdict
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field

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


@dataclass
class _Seen:
    """What is known of a target's threads beside the journal: those ``left`` because someone else has changed
    them, those that ``had`` our value, those below it that have ``ended``; when our value was written."""

    left: set[Key] = field(default_factory=set)
    had: set[Key] = field(default_factory=set)
    ended: set[Key] = field(default_factory=set)
    written_ticks: int = 0


class ThreadActuator(Actuator):
    """One thread that cannot be given its value does not stop the others: that is said at the end."""

    #: What a thread is given, for sentences.
    what: str
    #: Why some threads are never touched.
    never = ""

    def __init__(self) -> None:
        self._seen: dict[Target, _Seen] = defaultdict(_Seen)

    @abstractmethod
    def get(self, tid: int) -> str | None:
        """What the thread has; None if it is never to be touched. May raise OSError."""

    @abstractmethod
    def give(self, tid: int, value: str) -> None:
        """May raise OSError, or ValueError for what is no such value."""

    def meant(self, target: OfThreads, ours: Iterable[str]) -> set[str]:
        """Every value that may be read where one of ours was written."""
        return set(ours)

    def halves(self, original: str, ours: Iterable[str]) -> set[str]:
        """What a thread has between the calls of one ``give``, in either direction."""
        return set()

    def forget(self, target: OfThreads) -> None:
        self._seen.pop(target, None)

    def read(self, target: OfThreads) -> Old:
        at_ticks = tasks.now_ticks()
        threads, others = self._scanned(target)
        if not threads and others:
            raise ActError(f"process {target.pid} is left as it is: {others} {self.never}")
        return self._old(target, threads, at_ticks)

    def write(self, target: OfThreads, value: str) -> tuple[ThreadValue, ...]:
        self.put(target, value, Old(value=""), lambda threads: "")
        return ()

    def put(self, target: OfThreads, value: str, found: Old, note: Note) -> Written:
        seen, met = self._seen[target], set[Key]()
        errors: list[ActError] = []
        with explained(target), tasks.Tasks(_process(target)) as there:
            fresh = [one for one in there.still(found.threads) if one.value != value]
            for _ in range(ROUNDS):
                self._note(note, fresh)
                errors += self._give(target, [(thread, value) for thread in fresh])
                met |= {thread.key for thread in fresh}
                at_ticks = tasks.now_ticks()
                threads, others = self._scan(target, there)
                skip = seen.left | met
                fresh = [thread for thread in threads if thread.value != value and thread.key not in skip]
                if not fresh:
                    if errors:
                        raise errors[0]
                    seen.written_ticks = tasks.now_ticks()
                    said = f"{others} {self.never}" if others else ""
                    return Written(self._old(target, threads, at_ticks), said=said)
        raise ActError(f"pid {target.pid} makes threads faster than they can be given {self.what}")

    def put_back(self, target: OfThreads, old: Old, ours: Iterable[str]) -> PutBack:
        values, original = tuple(ours), {thread.key: thread.value for thread in old.threads}
        given: set[Key] = set()
        errors: list[ActError] = []
        for _ in range(ROUNDS):
            own, below, gone = self._family(target, old)
            threads = [thread for thread in [*own, *below] if thread.key not in given]
            # One that was given its own and has not quite that: its cpuset has become narrower since.
            wrong = [thread for thread in threads if thread.value != original.get(thread.key, old.value)]
            mine = self._ours(target, wrong, values, old)
            if not mine:
                if gone or errors:
                    raise errors[0] if errors else gone  # type: ignore[misc]
                left = {thread.key for thread in wrong} & {thread.key for thread in own} & original.keys()
                return self._restored(target, own, len(left))
            pairs = [(thread, original.get(thread.key, old.value)) for thread in mine]
            errors += self._give(target, pairs)
            given |= {thread.key for thread in mine}
        raise ActError(f"pid {target.pid} makes threads faster than they can be given back {self.what}")

    def reconcile(self, target: OfThreads, old: Old, ours: Iterable[str], note: Note) -> str | None:
        seen, values = self._seen[target], tuple(ours)
        own, below, gone = self._family(target, old)
        if gone:
            self.put_back(target, old, values)
            raise gone
        threads = [thread for thread in own if thread.key not in seen.left]
        kept = {thread.key for thread in self._ours(target, threads, values, old)}
        stray = [thread for thread in threads if thread.key not in kept]
        noted = {thread.key for thread in old.threads}
        # Born while its parent had not yet got our value, and seen only now: it has what its parent had.
        originals = {old.value, *(thread.value for thread in old.threads)}
        born = [
            thread
            for thread in stray
            if thread.key not in noted | seen.had
            and thread.value in originals
            and thread.start_ticks <= seen.written_ticks
        ]
        changed = {thread.key for thread in stray} - {thread.key for thread in born}
        seen.left |= changed
        seen.had = kept | {thread.key for thread in born}
        if not seen.had:
            return f"someone else has given its threads other {self.what} since: they are left at that"
        # So that they get it back even when what they were forked from has ended.
        heirs = self._ours(target, [t for t in below if t.key not in noted], values, old)
        if heirs:
            note(tuple(thread.model_copy(update={"value": old.value}) for thread in heirs))
        if born:
            self._note(note, born)
            for error in self._give(target, [(thread, values[-1]) for thread in born]):
                raise error
        return None

    def is_all(self, target: OfThreads, now: Old, value: str) -> bool:
        return all(thread.value == value for thread in now.threads)

    def is_ours(self, target: OfThreads, now: Old, ours: Iterable[str], old: Old) -> bool:
        return bool(self._ours(target, now.threads, ours, old))

    def _ours(
        self, target: OfThreads, threads: Iterable[ThreadValue], ours: Iterable[str], old: Old
    ) -> list[ThreadValue]:
        threads, values = [t for t in threads if t.key not in self._seen[target].left], set(ours)
        if all(thread.value in values for thread in threads):
            return threads
        meant = self.meant(target, values)
        original = {thread.key: thread.value for thread in old.threads}
        return [
            thread
            for thread in threads
            if thread.value in meant
            or thread.value in self.halves(original.get(thread.key, old.value), values)
        ]

    def _family(
        self, target: OfThreads, old: Old
    ) -> tuple[list[ThreadValue], list[ThreadValue], Gone | None]:
        """The threads of the process; those below it, which may have our value from it; if it has ended."""
        own: list[ThreadValue] = []
        below: list[ThreadValue] = []
        gone = None
        try:
            own = self._scanned(target)[0]
        except Gone as error:
            gone = error
        with explained(target):
            if not gone:
                below += tasks.born_since(_process(target), old.at_ticks, self.get)
            ended = self._seen[target].ended
            there = {thread.key for thread in [*own, *below]} | ended
            noted = [thread for thread in old.threads if thread.key not in there]
            living = list(tasks.living(noted, old.at_ticks, self.get))
        ended |= {thread.key for thread in noted} - {thread.key for thread in living}
        return own, [*below, *living], gone

    def _scanned(self, target: OfThreads) -> tuple[list[ThreadValue], int]:
        with explained(target), tasks.Tasks(_process(target)) as there:
            return self._scan(target, there)

    def _scan(self, target: OfThreads, there: tasks.Tasks) -> tuple[list[ThreadValue], int]:
        found = there.scan(self.get)
        if not any(found):
            raise Gone(f"process {target.pid} has ended")
        return found

    def _old(self, target: OfThreads, threads: list[ThreadValue], at_ticks: int) -> Old:
        """Without the threads that are left to someone else."""
        left = self._seen[target].left if target in self._seen else ()
        mine = [thread for thread in threads if thread.key not in left]
        return Old(value=_own(target, mine or threads), threads=tuple(mine), at_ticks=at_ticks)

    def _note(self, note: Note, threads: list[ThreadValue]) -> None:
        if threads and (trouble := note(tuple(threads))):
            raise ActError(trouble)

    def _give(self, target: OfThreads, pairs: Iterable[tuple[ThreadValue, str]]) -> list[ActError]:
        """What the kernel said no to."""
        errors = []
        for thread, value in pairs:
            try:
                with explained(target), suppress(ProcessLookupError):  # it has ended while we look
                    self.give(thread.tid, value)
            except ActError as error:
                errors.append(error)
        return errors

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
