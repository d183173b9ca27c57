"""What is kept of the machine under STATE: one JSON file each, which only root can have written."""

import os
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from llamas_bpf.config import check_directory, read_trusted
from llamas_bpf.errors import ConfigError, LlamasError

Model = TypeVar("Model", bound=BaseModel)


def write(path: Path, what: BaseModel) -> None:
    """Whole or not at all, readable by root alone. Raises LlamasError."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        check_directory(path.parent)
        number, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        try:
            with os.fdopen(number, "w", encoding="utf-8") as file:
                file.write(what.model_dump_json())
                file.flush()
                os.fsync(number)
            Path(temporary).replace(path)
        except BaseException:
            with suppress(OSError):
                Path(temporary).unlink()
            raise
    except OSError as error:
        raise LlamasError(f"{path}: cannot be written: {error.strerror}") from None


def read(path: Path, model: type[Model]) -> Model | None:
    """None where there is no such file. Raises ConfigError where it is not what ``write`` wrote."""
    check_directory(path.parent)
    try:
        if not path.exists():
            return None
        return model.model_validate_json(read_trusted(path))
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from None
    except ValidationError:
        raise ConfigError(f"{path} is damaged: remove it") from None
