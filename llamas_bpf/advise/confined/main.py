"""The model's process: gives up its rights, reads its key, and answers what comes down the pipe."""

import os
import queue
import select
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from llamas_bpf.advise.confined.confine import confine
from llamas_bpf.advise.confined.frames import Frames, framed
from llamas_bpf.advise.confined.messages import DOWN, Asking, Down, Failed, Observation, Ready, Start, Up

if TYPE_CHECKING:
    from llamas_bpf.advise.context.conversation import Context

#: More windows than these wait in the pipe, and then are not sent.
_WAITING = 64

_DATABASE = "memory.db"

_NOT_ROOT = (
    "the model's process runs as the same user as the controller: only root can give it one of its own"
)


def main(arguments: Sequence[str]) -> int:
    """``STATE USER KEY_FD``. Standard input and output are the pipes."""
    state, user, key = arguments
    pipe = Pipe(0, os.dup(1))
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)  # whatever else prints is no message
    os.close(nowhere)
    notes = [] if os.geteuid() == 0 else [_NOT_ROOT]
    try:
        memory = confine(Path(state), user)
        serve(pipe, memory, read_key(int(key)), notes)
    except Exception as error:
        pipe.send(Failed(sentence=f"{type(error).__name__}: {error}"[:1000]))
    return 1


class Pipe:
    """To the controller. A thread reads, so that the controller's end is noticed amid a question: then this
    process ends at once."""

    def __init__(self, down: int, up: int) -> None:
        self._down, self._up = down, up
        self._inbox: queue.Queue[bytes] = queue.Queue(_WAITING)

    def start(self) -> None:
        """Begin to read; only now, since rights are given up while there is but one thread."""
        threading.Thread(target=self._read, name="pipe", daemon=True).start()

    def receive(self) -> Down:
        """The next message, however long that takes."""
        return DOWN.validate_json(self._inbox.get())

    def send(self, message: Up) -> None:
        """Wait until it is gone."""
        rest = framed(message.model_dump_json().encode())
        while rest:
            rest = rest[os.write(self._up, rest) :]

    def _read(self) -> None:
        frames = Frames()
        try:
            while data := os.read(self._down, 1 << 16):
                frames.feed(data)
                while (body := frames.next()) is not None:
                    self._put(body)
        finally:
            os._exit(0)

    def _put(self, body: bytes) -> None:
        hung_up = select.poll()
        hung_up.register(self._down, 0)  # its end is always told
        while True:
            try:
                return self._inbox.put(body, timeout=0.5)
            except queue.Full:
                if hung_up.poll(0):
                    os._exit(0)


def read_key(descriptor: int) -> str:
    """Read once; after that, nobody else can."""
    with os.fdopen(descriptor, "rb") as file:
        return file.read(1 << 16).decode()


def serve(pipe: Pipe, memory: Path, key: str, notes: list[str]) -> None:
    """Until the controller hangs up, which ends the process. Raises what makes it impossible to go on."""
    pipe.start()
    start = pipe.receive()
    if not isinstance(start, Start):
        raise TypeError(f"the first message is a {start.kind}")
    context = _context(start, memory, key, lambda question: pipe.send(Asking(question=question)))
    pipe.send(Ready(notes=[*notes, *context.notes]))
    while True:
        observation = pipe.receive()
        if not isinstance(observation, Observation):
            raise TypeError(f"a second {observation.kind}")
        context.observe(observation)
        if observation.question:
            pipe.send(context.answer(observation))
        pipe.send(context.figures())


def _context(start: Start, memory: Path, key: str, on_call: Callable[[str], None]) -> "Context":
    """These imports take long, and need no rights."""
    from llamas_bpf.advise.context.conversation import Context
    from llamas_bpf.advise.model.client import Client
    from llamas_bpf.advise.model.endpoint import Endpoint

    config = start.config
    model = Client(Endpoint(start.base_url, start.model, key), config.timeout_s)
    return Context(model, start, memory / _DATABASE, on_call)
