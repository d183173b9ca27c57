"""The operator's settings: one TOML file, every key checked.

Unknown keys are errors that name the nearest valid one. As root, the files must belong to root and be
writable by nobody else: they decide what is written to the kernel.
"""

import difflib
import json
import os
import stat
import tomllib
from pathlib import Path
from typing import Any, BinaryIO, Literal, TypeVar, get_args, get_origin

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from llamas_bpf.errors import ConfigError

ETC = Path("/etc/llamas-bpf")
STATE = Path("/var/lib/llamas-bpf")
RUN = Path("/run/llamas-bpf")

_MOST_BYTES = 1 << 20  # of one file

Model = TypeVar("Model", bound=BaseModel)
BackendName = Literal["auto", "libbpf", "bcc"]


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class BudgetConfig(_Section):
    """What the model may cost; without a number there is no limit. Prices are per million tokens, in whatever
    currency the limits of money are in."""

    calls_per_hour: int | None = Field(default=240, ge=0)
    calls_per_day: int | None = Field(default=None, ge=0)
    tokens_per_hour: int | None = Field(default=None, ge=0)
    tokens_per_day: int | None = Field(default=None, ge=0)
    money_per_hour: float | None = Field(default=None, ge=0)
    money_per_day: float | None = Field(default=None, ge=0)
    prompt_price: float = Field(default=0, ge=0)
    answer_price: float = Field(default=0, ge=0)


class ContextConfig(_Section):
    """The model's window as virtual memory (MemGPT): shares are of ``tokens``.

    At ``warn_share`` the model is told to save what matters, at ``flush_share`` the oldest ``evict_share`` of
    its messages goes to recall storage, of which ``keep_bytes`` are kept.
    """

    tokens: int = Field(default=8000, ge=2000, le=10_000_000, description="the model's window")
    warn_share: float = Field(default=0.7, gt=0, lt=1)
    flush_share: float = Field(default=1.0, gt=0, le=1)
    evict_share: float = Field(default=0.5, gt=0, lt=1)
    situation_share: float = Field(default=0.3, gt=0, lt=1, description="of a situation's table, at most")
    block_chars: int = Field(default=1500, ge=100, le=1_000_000, description="limit of each core block")
    steps: int = Field(default=8, ge=1, le=100, description="function calls that one question may take")
    keep_bytes: int = Field(default=256 << 20, ge=1 << 20)


class LlmConfig(_Section):
    """The model's server. Base URL and key may also come from OPENAI_BASE_URL and OPENAI_API_KEY.

    ``user``: whom the model's process runs as; a free user id of its own where none is named.
    """

    base_url: str | None = None
    model: str | None = None
    timeout_s: float = Field(default=30, gt=0, le=600)
    ask_every_s: float = Field(default=60, gt=0, description="ask again after this time without any change")
    history_windows: int = Field(default=5, ge=1, le=100, description="digests in one prompt")
    max_answer_tokens: int = Field(default=2000, ge=100, le=32_000)
    user: str = ""
    context: ContextConfig = ContextConfig()
    budget: BudgetConfig = BudgetConfig()


class SenseConfig(_Section):
    """Counts are exact; details are sampled, about ``records_per_s`` a second, or one of ``period`` events.

    Ring sizes are powers of two; a full ring loses records, which are counted. ``backend`` is what loads the
    probes: ``auto`` is libbpf where the kernel has BTF, else BCC.
    """

    backend: BackendName = "auto"
    ring_bytes: int = Field(default=4 << 20, le=1 << 30)
    records_per_s: int = Field(default=10_000, ge=1, le=10_000_000)
    period: int | None = Field(default=None, ge=1, le=1 << 20)
    heat: bool = Field(default=True, description="look which memory of what exec started is hot")

    @field_validator("period")
    @classmethod
    def _period_is_a_power_of_two(cls, period: int | None) -> int | None:
        if period is not None and period & (period - 1):
            raise ValueError("must be a power of two, such as 64")
        return period

    @field_validator("ring_bytes")
    @classmethod
    def _ring_can_be_made(cls, size: int) -> int:
        page = os.sysconf("SC_PAGE_SIZE")
        if size < page or size & (size - 1):
            raise ValueError(f"must be a power of two, at least {page}, such as {4 << 20}")
        return size


class StoreConfig(_Section):
    """What is kept under ``--state``: the older is dropped first."""

    keep_days: float = Field(default=14, gt=0)
    keep_bytes: int = Field(default=512 << 20, ge=1 << 20)


class Config(_Section):
    """Everything an operator may set. ``policies``: a directory overriding the packaged one file by file;
    its whole path, since it must not depend on where somebody stands."""

    window_s: float = Field(default=1.0, ge=0.1, le=60)
    advisor: str = ""
    policies: Path | None = None
    llm: LlmConfig = LlmConfig()
    sense: SenseConfig = SenseConfig()
    store: StoreConfig = StoreConfig()

    @field_validator("policies")
    @classmethod
    def _whole_path(cls, path: Path | None) -> Path | None:
        if path is not None and not path.is_absolute():
            raise ValueError(f"must be a whole path, such as {ETC}")
        return path


def load(path: Path | None) -> Config:
    """Read ``path``, or ``/etc/llamas-bpf/config.toml`` where there is one, or the defaults."""
    if path is None:
        path = ETC / "config.toml"
        check_directory(ETC)
        if not path.exists():
            return Config()
    return parse(read_trusted(path), Config, str(path))


def parse(text: str, model: type[Model], name: str) -> Model:
    """TOML text as ``model``; every error names the file, the key, and what would be right."""
    try:
        found = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{name}: not valid TOML: {error}") from None
    try:
        # "yes" is no truth value, and true no number. By way of JSON, in which a list may well be a tuple.
        return model.model_validate_json(json.dumps(found, default=str), strict=True)
    except ValidationError as error:
        raise ConfigError("\n".join(f"{name}: {_sentence(e, model)}" for e in error.errors())) from None


def read_trusted(path: Path) -> str:
    """The text of a settings file that only root can have written."""
    with open_trusted(path) as file:
        try:
            text = file.read(_MOST_BYTES + 1)
            if len(text) > _MOST_BYTES:
                raise ConfigError(f"{path} has more than {_MOST_BYTES} bytes, which no settings need")
            return text.decode("utf-8-sig")  # some editors begin a file with a mark of it
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(f"{path}: cannot be read: {error}") from None


def open_trusted(path: Path) -> BinaryIO:
    """A file that, when we are root, only root can have written."""
    file = open_plain(path)
    try:
        check_owner(path, os.fstat(file.fileno()))
    except BaseException:
        file.close()
        raise
    return file


def open_plain(path: Path) -> BinaryIO:
    """A file, whoever wrote it, that cannot keep us waiting: no pipe, terminal or device."""
    try:
        # Not to wait for a pipe's other end.
        file = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        raise ConfigError(f"{path}: no such file") from None
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise ConfigError(f"{path}: cannot be read: {why}") from None
    if not stat.S_ISREG(os.fstat(file).st_mode):
        os.close(file)
        raise ConfigError(f"{path} is not a plain file")
    return os.fdopen(file, "rb")


def check_owner(path: Path, status: os.stat_result) -> None:
    """Refuse, when we are root, what another user could have changed."""
    if os.geteuid() != 0:
        return
    if status.st_uid != 0:
        raise ConfigError(f"{path} belongs to uid {status.st_uid}, not to root: chown root {path}")
    if status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise ConfigError(f"{path} can be written by others: chmod go-w {path}")


def check_directory(path: Path) -> None:
    """Refuse what is none, and, when we are root, one from which others could take files away. It need not
    exist."""
    try:
        status = path.stat()
        if not stat.S_ISDIR(status.st_mode):
            raise ConfigError(f"{path} is not a directory")
        check_owner(path, status)
    except FileNotFoundError:
        return
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from None


def _sentence(error: Any, model: type[BaseModel]) -> str:
    where = ".".join(str(part) for part in error["loc"])
    if error["type"] != "extra_forbidden":
        return f"{where}: {error['msg'].removeprefix('Value error, ')}"
    known = _keys(model, error["loc"][:-1])
    near = difflib.get_close_matches(str(error["loc"][-1]), known, n=1, cutoff=0.4)
    hint = f"did you mean {near[0]}?" if near else f"known keys: {', '.join(known)}"
    return f"unknown key {where}; {hint}"


def _keys(model: type[BaseModel], path: tuple[Any, ...]) -> list[str]:
    entry = False  # whether the part is which entry of a list or table: they are all of one model
    for part in path:
        if entry:
            entry = False
            continue
        field = model.model_fields.get(str(part))
        inner = field.annotation if field else None
        entry = get_origin(inner) in (list, dict)
        inner = get_args(inner)[-1] if entry else inner
        if not (isinstance(inner, type) and issubclass(inner, BaseModel)):
            return []
        model = inner
    return list(model.model_fields)
