"""The model's process as the controller holds it: at arm's length, and never waited for."""

import os
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from pydantic import ValidationError

from llamas_bpf import own
from llamas_bpf.advise.confined import memory
from llamas_bpf.advise.confined.frames import MOST_BYTES, FrameError, Frames, framed
from llamas_bpf.advise.confined.messages import (
    UP,
    Answered,
    Asking,
    Failed,
    Figures,
    Observation,
    Ready,
    Start,
    Up,
)
from llamas_bpf.advise.confined.namespace import Namespace
from llamas_bpf.advise.confined.start import PROGRAM, Ends, started
from llamas_bpf.errors import ConfigError

#: At once: more than that in one window, and it floods us.
_MOST_MESSAGES, _MOST_AT_ONCE = 64, 2 * MOST_BYTES
#: It may write single bytes as fast as they are read: the rest is for the next window.
_MOST_READS = 1024
#: What needs no question is small.
_MOST_UNASKED = 1 << 16

#: It takes a second to start, more on an emulated machine.
_QUIET_S = 120.0
_RESTART_S = (1.0, 300.0)  # the first delay, which doubles, and the last
_WELL_S = 300.0  # after so long a life, the next delay is the first again
_CLOSE_S = 0.4


@dataclass(frozen=True)
class Ended:
    """The process is gone, by itself or by our hand, and why: a question is not answered any more."""

    sentence: str


Said = Asking | Answered | Figures | Ended


class Confined:
    """Started when first needed, and again, later and later, when it has ended. Only ``close`` waits.

    ``answer_s`` is how long a question may take; then it hangs. ``trouble`` says why it is not there, until
    it is again; ``notes`` are what it has to say of itself. Without ``state`` its memory ends with it.
    ``program`` is another one, for a test.
    """

    def __init__(
        self,
        start: Start,
        key: str,
        state: Path | None,
        user: str,
        answer_s: float,
        program: tuple[str, ...] = PROGRAM,
    ) -> None:
        self._start = _first(start)
        self._key, self._state, self._user = key.encode(), state, user
        self._answer_s, self._program = answer_s, program
        self._temporary: TemporaryDirectory[str] | None = None
        self._lock: int | None = None  # a descriptor that holds it
        self._process: subprocess.Popen[bytes] | None = None
        self._namespace = Namespace()
        self._pipe: Ends | None = None
        self._frames = Frames()
        self._unsent = b""  # the rest of the one message that did not fit
        self._asked: tuple[str, float] | None = None  # the question, and when it should be answered at last
        self._quiet_since: float | None = None  # told something, and not heard of since
        self._is_ready = self._deaf = False
        self._started = self._retry = 0.0
        self._delay_s = _RESTART_S[0]
        self.trouble = ""
        self.notes: tuple[str, ...] = ()
        self.restarts = self.dropped = 0

    def send(self, observation: Observation) -> bool:
        """Tell it of a window. False: it is not there, or has not yet read the last one; nothing is kept."""
        if not self._write() or self._pipe is None:
            self.dropped += 1
            return False
        try:
            self._unsent = framed(observation.model_dump_json().encode())
        except FrameError:  # a window as no machine should have it
            self.dropped += 1
            return False
        self._write()
        now = time.monotonic()
        self._quiet_since = self._quiet_since or now
        if observation.question:
            self._asked = observation.question.id, now + self._answer_s
        return True

    def receive(self) -> list[Said]:
        """What has come since the last call. Here it is also started, watched and ended."""
        if self._process is None:
            return self._begin() if time.monotonic() >= self._retry else []
        if self._pipe is None:
            return self._bury()
        deaf = self._deaf  # before: who has ended is deaf first, and then silent
        self._write()
        try:
            found = self._read()
        except (FrameError, ValidationError) as error:
            return [self._end(_reason(error))]
        if self._pipe is not None and (hangs := self._hangs(deaf)):
            return [*found, self._end(hangs)]
        return found

    def close(self) -> None:
        """End it, asking first: an honest one ends when we hang up."""
        self._hang_up()
        if self._process:
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(_CLOSE_S)
            self._kill()
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(_CLOSE_S)
            self._namespace.ended(_CLOSE_S)
            self._bury()
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None
        if self._temporary:
            self._temporary.cleanup()
            self._temporary = None

    def _begin(self) -> list[Said]:
        try:
            state = self._own_memory()
            self._process, self._namespace, self._pipe = started(self._program, state, self._user, self._key)
        except (OSError, ConfigError) as error:
            return [self._end(f"cannot be started: {error}")]
        own.add(self._process.pid)
        self.restarts += bool(self._started)
        self._started = self._quiet_since = time.monotonic()
        self._frames, self._unsent = Frames(), self._start
        self._is_ready = self._deaf = False
        self._write()
        return []

    def _own_memory(self) -> Path:
        """Nobody else's until ``close``. Raises OSError, and ConfigError where it is another controller's."""
        if self._state is None:
            self._temporary = TemporaryDirectory(prefix="llamas-bpf-")
            self._state = Path(self._temporary.name)
        if self._lock is None:
            self._lock = memory.locked(self._state)
        return self._state

    def _write(self) -> bool:
        """Whether all is gone that had to go."""
        if self._pipe is not None and self._unsent:
            try:
                self._unsent = self._unsent[os.write(self._pipe.write, self._unsent) :]
            except BlockingIOError:
                pass
            except OSError:
                self._deaf = True
        return not self._unsent

    def _read(self) -> list[Said]:
        """Raises FrameError and ValidationError for what no honest process sends."""
        found: list[Said] = []
        count = size = 0
        for _ in range(_MOST_READS):
            if self._pipe is None or (data := self._receive()) is None:
                break
            if not data:
                return [*found, self._end(self._status())]
            self._frames.feed(data)
            size += len(data)
            while (body := self._frames.next(MOST_BYTES if self._asked else _MOST_UNASKED)) is not None:
                count += 1
                if isinstance(message := self._heard(UP.validate_json(body)), Ended):
                    return [*found, message]
                found += [message] if message else []
                if count > _MOST_MESSAGES:
                    raise FrameError(f"more than {count - 1} messages at once")
            if size > _MOST_AT_ONCE:
                raise FrameError(f"{size} bytes at once")
        return found

    def _receive(self) -> bytes | None:
        assert self._pipe is not None
        try:
            return os.read(self._pipe.read, 1 << 17)
        except BlockingIOError:
            return None

    def _heard(self, message: Up) -> Said | None:
        self._quiet_since = None
        match message:
            case Ready():
                if self._is_ready:
                    raise FrameError("it is ready a second time")
                self._is_ready = True
                self.trouble, self.notes = "", tuple(message.notes)
                return None
            case Failed():
                return self._end(f"failed: {message.sentence}")
            case Asking() | Answered():
                if self._asked is None or self._asked[0] != message.question:
                    raise FrameError("an answer to what was not asked")
                if isinstance(message, Answered):
                    self._asked = None
        return message

    def _hangs(self, deaf: bool) -> str:
        """Why it is to be ended, if so. What it has started may hold its pipe when it is gone."""
        if self._process and self._process.poll() is not None:
            return self._status()
        if deaf:
            return "hangs: it reads no more"
        now = time.monotonic()
        if self._asked and now > self._asked[1]:
            return "hangs: a question was never answered"
        if not self._asked and self._quiet_since and now > self._quiet_since + _QUIET_S:
            return f"hangs: it has said nothing for {_QUIET_S:.0f} s"
        return ""

    def _end(self, sentence: str) -> Ended:
        """Whatever it does now: it is waited for in a later window, and then started anew."""
        self._hang_up()
        now = time.monotonic()
        if self._process:
            self._kill()
            if now - self._started > _WELL_S:
                self._delay_s = _RESTART_S[0]
        self._retry, self._delay_s = now + self._delay_s, min(self._delay_s * 2, _RESTART_S[1])
        self._asked, self._unsent, self._quiet_since = None, b"", None
        self.trouble = f"the model's process {sentence}"
        self._bury()
        return Ended(self.trouble)

    def _hang_up(self) -> None:
        if self._pipe:
            self._pipe.close()
            self._pipe = None

    def _kill(self) -> None:
        """With all that it has started."""
        assert self._process
        self._process.kill()
        self._namespace.end()

    def _bury(self) -> list[Said]:
        if self._process and self._process.poll() is not None and self._namespace.ended():
            own.remove(self._process.pid)
            self._process = None
        return []

    def _status(self) -> str:
        """It has hung up: how it ended, if it has."""
        assert self._process
        code = self._process.poll()
        if code is None:
            return "hung up"
        return f"ended with status {code}" if code >= 0 else f"was killed by signal {-code}"


def _first(start: Start) -> bytes:
    """Raises ConfigError where there is more to read than a message holds."""
    try:
        return framed(start.model_dump_json().encode())
    except FrameError as error:
        texts = "texts in devices/ and notes/, or the prompts"
        raise ConfigError(f"too much for the model to read ({error}): shorten the {texts}") from None


def _reason(error: FrameError | ValidationError) -> str:
    if isinstance(error, FrameError):
        return f"does not keep to the rules: {error}"
    first = error.errors(include_input=False, include_url=False, include_context=False)[0]
    where = ".".join(map(str, first["loc"]))[:100]
    return f"does not keep to the rules: {where}: {first['msg'][:200]}"
