"""What the Vagrantfile says to a slip of the pen; `vagrant validate` evaluates it and starts nothing."""

import os
import subprocess
from pathlib import Path

import pytest

VAGRANT = Path(__file__).parents[2] / "vagrant"


def validate(home: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    own = {"VAGRANT_HOME": str(home / "home"), "VAGRANT_DOTFILE_PATH": str(home / "machine")}
    quiet = {"VAGRANT_CHECKPOINT_DISABLE": "1", "ACCELERATOR": "tcg"}
    environment = {**os.environ, **own, **quiet, **settings}
    return subprocess.run(
        ["vagrant", "validate"], cwd=VAGRANT, env=environment, capture_output=True, text=True
    )


@pytest.mark.parametrize(
    ("settings", "complaint"),
    [
        ({"ACCELERATOR": "kmv"}, "ACCELERATOR=kmv is neither kvm nor tcg"),
        ({"SSH_PORT": "abc"}, "SSH_PORT=abc is no port: choose one from 1 to 65535"),
        ({"SSH_PORT": "0"}, "SSH_PORT=0 is no port"),
        ({"PROMETHEUS_PORT": "90900"}, "PROMETHEUS_PORT=90900 is no port"),
        ({"TOPOLOGY": "teirs"}, "there is no topology 'teirs': choose one of"),
    ],
)
def test_a_setting_that_is_wrong_is_named(settings: dict[str, str], complaint: str, tmp_path: Path) -> None:
    done = validate(tmp_path, **settings)
    assert done.returncode != 0
    assert complaint in done.stderr
    assert "make vagrant-up" not in done.stderr, "which would not help"


def test_settings_that_are_right_are_taken(tmp_path: Path) -> None:
    done = validate(tmp_path, SSH_PORT="2022", PROMETHEUS_PORT="65535", TOPOLOGY="nvm", ACCELERATOR="kvm")
    assert done.returncode == 0, done.stderr
