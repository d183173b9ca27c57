"""What ``exec`` changes above the cgroup that it makes: on files that stand for the kernel's."""

from pathlib import Path

from acting import here

from llamas_bpf.act.home import Home

WHAT = "cgroup.subtree_control"


def test_what_it_enables_for_the_whole_machine_is_said(tmp_path: Path) -> None:
    (tmp_path / "llamas-bpf").mkdir()
    (tmp_path / WHAT).write_text("memory pids\n")
    (tmp_path / "llamas-bpf" / WHAT).write_text("")
    machine = here(tmp_path).model_copy(update={"cgroup_controllers": ("cpu", "memory")})
    said: list[str] = []
    Home(machine, "hot").make(said.append)
    assert said == [f"enabled in {tmp_path / WHAT}, where it stays: cpu"]
    assert (tmp_path / WHAT).read_text() == "+cpu"

    said.clear()
    (tmp_path / WHAT).write_text("cpu memory pids\n")
    Home(machine, "cold").make(said.append)
    assert said == []
