"""Settings: every mistake is answered with what would be right."""

import os
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from llamas_bpf import config
from llamas_bpf.errors import ConfigError


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "config.toml"
    path.write_text(text)
    return path


def test_defaults_and_values(tmp_path: Path) -> None:
    assert config.load(write(tmp_path, "")) == config.Config()
    assert config.load(write(tmp_path, "window_s = 2.5\n[llm]\nmodel = 'm'")).llm.model == "m"


def test_the_readme_has_every_key_and_its_default(tmp_path: Path) -> None:
    readme = (Path(__file__).parents[2] / "README.md").read_text()
    (shown,) = re.findall(r"^```toml\n(.*?)^```", readme, re.MULTILINE | re.DOTALL)
    assert config.load(write(tmp_path, shown)) == config.Config()
    whole = re.sub(r"^# ", "", shown, flags=re.MULTILINE)
    config.load(write(tmp_path, whole))
    assert keys(tomllib.loads(whole)) == keys(config.Config().model_dump())


def keys(table: dict[str, Any], within: str = "") -> set[str]:
    """Dotted, all that there are."""
    found = set()
    for name, value in table.items():
        found |= keys(value, f"{within}{name}.") if isinstance(value, dict) else {within + name}
    return found


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("windows_s = 1", "did you mean window_s?"),
        ("[llm]\ntimeout = 3", "unknown key llm.timeout; did you mean timeout_s?"),
        ("[sense]\nxyzzy = 3", "known keys: backend, ring_bytes"),
        ("window_s = 'a'", "window_s: "),
        ("window_s = '1.5'", "window_s: Input should be a valid number"),
        ("window_s = true", "window_s: Input should be a valid number"),
        ("window_s = nan", "window_s: "),
        ("window_s = 2020-01-01", "window_s: Input should be a valid number"),
        ("window_s = 1" + "0" * 5000, "not valid TOML: Exceeds the limit"),
        ("window_s = 0.0", "greater than or equal to 0.1"),
        ("window_s =", "not valid TOML"),
        ("window_s = " + "[" * 100_000, "not valid TOML"),
        ("[sense]\nring_bytes = 5000", "sense.ring_bytes: must be a power of two"),
        ("[sense]\nring_bytes = 1024", "at least "),
        ("policies = 'rules'", "policies: must be a whole path"),
    ],
)
def test_mistakes(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ConfigError, match=r"config\.toml") as raised:
        config.load(write(tmp_path, text))
    assert said in str(raised.value)


def test_only_plain_files_of_a_sane_size(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ConfigError, match="not a plain file"):
        config.load(tmp_path / "pipe")
    with pytest.raises(ConfigError, match="not a plain file"):
        config.load(tmp_path)
    with pytest.raises(ConfigError, match="more than 1048576 bytes"):
        config.load(write(tmp_path, "#" * (1 << 20) + "\n"))
    (tmp_path / "config.toml").write_bytes(b"# \xff")
    with pytest.raises(ConfigError, match="cannot be read"):
        config.load(tmp_path / "config.toml")


def test_marks_of_other_systems_editors(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_bytes("window_s = 2.0\r\n[llm]\r\n".encode("utf-8-sig"))
    assert config.load(tmp_path / "config.toml").window_s == 2


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no such file"):
        config.load(tmp_path / "none.toml")


@pytest.mark.skipif(os.geteuid() != 0, reason="kernel feature: only root can give a file away")
def test_what_others_could_have_written_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path, "")
    path.chmod(0o666)
    with pytest.raises(ConfigError, match="chmod go-w"):
        config.load(path)
    path.chmod(0o644)
    os.chown(path, 12345, 0)
    with pytest.raises(ConfigError, match="chown root"):
        config.load(path)
