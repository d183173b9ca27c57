"""Debian packages, from the mirror that this host's apt uses, fetched and unpacked but never installed.

apt itself fetches, and checks every index against Debian's archive key; its lists, its status and its archive
are private to one build, so the host's own apt never notices.
"""

import platform
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from llamas_bpf.lab.commands import run
from llamas_bpf.lab.errors import LabError

KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")


@dataclass(frozen=True)
class Suite:
    """One release of Debian, its package lists read into a private directory."""

    name: str
    apt_options: tuple[str, ...]

    def dependencies(self, package: str, pattern: str) -> list[str]:
        """The packages matching `pattern` (a regular expression) that `package` depends on."""
        shown = run(
            ["apt-cache", *self.apt_options, "show", "--no-all-versions", package], what=f"finding {package}"
        )
        depends = re.search(r"^Depends: (.*)$", shown, re.MULTILINE)
        if depends is None:
            raise LabError(f"{self.name} has no {package} that depends on anything: is the mirror complete?")
        return re.findall(pattern, depends[1])

    def unpack(self, package: str, into: Path, *, with_dependencies: bool = False) -> None:
        """Fetch a package, and what it needs when told so, and unpack it all into one directory."""
        with TemporaryDirectory(prefix="llamas-debs-") as debs:
            if with_dependencies:
                (Path(debs) / "partial").mkdir()
                fetch = ["install", "--yes", "--download-only", "--no-install-recommends", package]
                options = ["-o", f"Dir::Cache::archives={debs}/"]
            else:
                fetch, options = ["download", package], []
            run(
                ["apt-get", "-q", *self.apt_options, *options, *fetch],
                what=f"fetching {package}",
                cwd=Path(debs),
            )
            for deb in sorted(Path(debs).glob("*.deb")):
                run(["dpkg", "-x", deb, into], what=f"unpacking {deb.name}")


@contextmanager
def suite(name: str) -> Iterator[Suite]:
    """A Debian release ready to fetch from: its lists are read now, and forgotten afterwards."""
    with TemporaryDirectory(prefix="llamas-apt-") as private:
        home = Path(private)
        (home / "lists" / "partial").mkdir(parents=True)
        (home / "archives" / "partial").mkdir(parents=True)
        (home / "status").touch()
        (home / "sources.list").write_text(source_line(name) + "\n")
        settings = {
            "Dir::State::lists": home / "lists",
            "Dir::State::status": home / "status",
            "Dir::Cache": home,
            "Dir::Etc::sourcelist": home / "sources.list",
            "Dir::Etc::sourceparts": "/dev/null",
            "Dir::Etc::preferences": "/dev/null",
            "Dir::Etc::preferencesparts": "/dev/null",
            "Acquire::Languages": "none",
            "Acquire::AllowInsecureRepositories": "false",
            "APT::Sandbox::User": "root",  # apt's own user cannot write below a private directory
        }
        options = tuple(word for key, value in settings.items() for word in ("-o", f"{key}={value}"))
        run(
            ["apt-get", "-q", *options, "--error-on=any", "update"],
            what=f"reading the package lists of {name}",
        )
        yield Suite(name, options)


def source_line(suite_name: str) -> str:
    """The line of an apt source list that names this suite on the host's own mirror."""
    if platform.machine() != "x86_64":
        raise LabError(f"the lab's guests are x86-64 and this host is {platform.machine()}: use another host")
    if not KEYRING.is_file():
        raise LabError(f"{KEYRING} is missing: apt-get install debian-archive-keyring")
    return f"deb [arch=amd64 signed-by={KEYRING}] {_mirror()} {suite_name} main"


def _mirror() -> str:
    """The address that apt on this host has for Debian's main archive."""
    wanted = "$(ORIGIN)|$(CODENAME)|$(RELEASE)|$(REPO_URI)"
    listed = run(
        ["apt-get", "indextargets", "--format", wanted, "Created-By: Packages", "Component: main"],
        what="asking apt for its mirror",
    )
    release = platform.freedesktop_os_release().get("VERSION_CODENAME", "")
    mirrors = []
    for origin, codename, name, address in (line.split("|") for line in listed.splitlines()):
        if release in (codename, name):
            mirrors.append(
                (origin != "Debian", address)
            )  # Debian's own before others that use its code names
    if not mirrors:
        raise LabError(
            "apt on this host has no mirror of Debian's main archive: add one to /etc/apt/sources.list.d"
        )
    return min(mirrors)[1]
