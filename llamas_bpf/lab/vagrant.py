"""What vagrant/Vagrantfile needs of the lab: its box, its QEMU, its choice between KVM and emulation.

`python -m llamas_bpf.lab.vagrant` makes the first two ready; with the word `accelerator` it prints the third.
"""

import shlex
import sys
from pathlib import Path

from llamas_bpf.lab import accel, guest
from llamas_bpf.lab.box import add_box
from llamas_bpf.lab.cache import Talk
from llamas_bpf.lab.emulator import Emulator, prepared_emulator
from llamas_bpf.lab.ending import tidy_when_ended
from llamas_bpf.lab.errors import LabError
from llamas_bpf.lab.hardware import hardware
from llamas_bpf.lab.image import prepared_image
from llamas_bpf.lab.kernel import prepared_kernel
from llamas_bpf.lab.places import source_root
from llamas_bpf.lab.topology import load_topology


def main(words: list[str]) -> None:
    """Exit status 1, and what to do about it on standard error, when the lab cannot."""
    tidy_when_ended()
    try:
        if words == ["accelerator"]:
            print(accelerator(_say))
        else:
            add_box(_say)
            with prepared_emulator(_say) as emulator:
                _write_script(source_root() / "vagrant/.vagrant/qemu", emulator)
    except LabError as error:
        sys.exit(f"lab: {error}")


def accelerator(talk: Talk) -> str:
    """`kvm` or `tcg`, as `lab run` would choose: by a trial, unless there was one since this host booted."""
    found = accel.remembered()
    if found is not None:
        return found
    with (
        prepared_emulator(talk) as emulator,
        prepared_kernel("6.12", talk) as linux,
        prepared_image(talk) as root,
    ):
        plain = hardware(load_topology("flat"))
        return accel.choose(guest.Machine(emulator, linux, root, plain, accelerator="tcg"), talk)


def qemu_script(emulator: Emulator) -> str:
    """A program that is this QEMU, kept from `lab clean` while it runs: libvirt takes a path only."""
    settings = [f"{name}={shlex.quote(value)}" for name, value in emulator.environment.items()]
    return f"""\
#!/bin/sh
program={shlex.quote(emulator.argv[0])}
[ -e "$program" ] && exec 9>>{shlex.quote(str(emulator.lock))} && flock --shared 9 && [ -e "$program" ] || {{
    echo "$program is not in the lab's cache any more: run make vagrant-box" >&2
    exit 1
}}
{" ".join(settings)} exec {shlex.join(emulator.argv)} "$@"
"""


def _write_script(path: Path, emulator: Emulator) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(qemu_script(emulator))
    path.chmod(0o755)


def _say(text: str) -> None:
    print(f"lab: {text}", file=sys.stderr)


if __name__ == "__main__":
    main(sys.argv[1:])
