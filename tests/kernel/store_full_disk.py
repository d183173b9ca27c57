"""Run by test_store_as_root.py in a mount namespace of its own, with an empty directory as argument."""

import subprocess
import sys
from pathlib import Path

from llamas_bpf.config import StoreConfig
from llamas_bpf.contracts.hint import Leave
from llamas_bpf.store import Reader, Store, StoreError

HINT = Leave(kind="leave", reason="r" * 400, confidence=1)


def add_until_it_fails(store: Store) -> tuple[int, str]:
    """How many hints went in, and the sentence that said no."""
    for count in range(20_000):
        try:
            store.add_hints(1, "rules", [HINT], None, run=1)
        except StoreError as error:
            return count, str(error)
    raise AssertionError("the disk never filled up")


def fill(file: Path) -> None:
    with file.open("wb", buffering=0) as out:
        try:
            while True:
                out.write(b"x" * 4096)
        except OSError:
            return


def main() -> None:
    disk = Path(sys.argv[1])
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "none", disk], check=True)
    store = Store(disk / "state", StoreConfig())
    before = store.add_hints(1, "rules", [HINT], None, run=1)[0]

    fill(disk / "filler")
    added, sentence = add_until_it_fails(store)
    assert "no space left on its disk: free some" in sentence, sentence
    assert add_until_it_fails(store)[1] == sentence
    with Reader.open(disk / "state") as reader:
        assert len(reader.decisions(30_000)) == added + 1

    (disk / "filler").unlink()
    after = store.add_hints(1, "rules", [HINT], None, run=1)[0]
    assert after == before + added + 1

    store.close()
    subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
    assert add_until_it_fails(store)[0] == 0
    with Reader.open(disk / "state") as reader:
        assert reader.decision(after)
    subprocess.run(["mount", "-o", "remount,rw", disk], check=True)
    assert store.add_hints(1, "rules", [HINT], None, run=1)[0] == after + 1
    store.close()
    print("recovered")


main()
