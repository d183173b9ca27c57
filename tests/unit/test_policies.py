"""Whose rules, prompts and limits are used: never the packaged ones in silence."""

import os
from pathlib import Path

import pytest

from llamas_bpf import config, policies
from llamas_bpf.config import Config
from llamas_bpf.errors import ConfigError

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="kernel feature: only root can give a file away")


@pytest.fixture
def etc(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stands for /etc/llamas-bpf."""
    path = tmp_path / "etc"
    monkeypatch.setattr(config, "ETC", path)
    monkeypatch.setattr(policies, "ETC", path)
    return path


def test_a_directory_that_is_not_there_is_refused(tmp_path: Path) -> None:
    wrong = Config(policies=tmp_path / "typo")
    with pytest.raises(ConfigError, match="typo is not a directory"):
        policies.find(wrong, "limits.toml")
    with pytest.raises(ConfigError, match="typo is not a directory"):
        policies.find_all(wrong, "rules", ".toml")


def test_the_default_directory_need_not_be_there(etc: Path) -> None:
    assert policies.find(Config(), "limits.toml") == policies.packaged() / "limits.toml"
    assert config.load(None) == Config()
    etc.mkdir()
    (etc / "limits.toml").touch()
    assert policies.find(Config(), "limits.toml") == etc / "limits.toml"


def test_a_file_where_a_directory_should_be_is_refused(tmp_path: Path) -> None:
    (tmp_path / "rules").touch()
    with pytest.raises(ConfigError, match="rules is not a directory"):
        policies.find_all(Config(policies=tmp_path), "rules", ".toml")


def test_a_link_into_nowhere_is_not_the_packaged_file(tmp_path: Path) -> None:
    (tmp_path / "limits.toml").symlink_to(tmp_path / "moved")
    assert policies.find(Config(policies=tmp_path), "limits.toml") == tmp_path / "limits.toml"


@as_root
@pytest.mark.parametrize("folder", [".", "rules", "prompts"])
def test_a_directory_that_others_can_write_is_refused(etc: Path, folder: str) -> None:
    place = etc / folder
    place.mkdir(parents=True)
    place.chmod(0o777)
    wanted = "prompts/system.j2" if folder == "prompts" else "rules/any.toml"
    with pytest.raises(ConfigError, match="chmod go-w"):
        policies.find(Config(), wanted)
    with pytest.raises(ConfigError, match="chmod go-w"):
        policies.find_all(Config(), folder, ".toml")
    if folder == ".":
        with pytest.raises(ConfigError, match="chmod go-w"):
            config.load(None)


@as_root
def test_a_directory_of_somebody_else_is_refused(tmp_path: Path) -> None:
    os.chown(tmp_path, 12345, 0)
    with pytest.raises(ConfigError, match="chown root"):
        policies.find(Config(policies=tmp_path), "limits.toml")
