"""Builds what setuptools cannot by itself: the cffi binding of the shim, the BPF objects, the policies.

``pip install .`` and ``pip install -e .`` come here through ``[tool.setuptools.cmdclass]``. What is newer
than its inputs is left alone.
"""

import platform
import shutil
import subprocess
import sysconfig
from pathlib import Path

import cffi
from setuptools import Extension
from setuptools.command.build_ext import build_ext
from setuptools.command.build_py import build_py
from setuptools.errors import PlatformError

ROOT = Path(__file__).resolve().parents[2]
NATIVE = ROOT / "llamas_bpf" / "native"
BPF_SOURCES = ROOT / "bpf"
BPF_OBJECTS = Path("llamas_bpf") / "bpf"
# What Python may call: the controller, the benchmarks, what gives up its rights, `devices measure`.
HEADERS = ("shim.h", "bench.h", "confine.h", "memory_speed.h")
# v3 (atomics, 32-bit jumps) is in every kernel from 5.12 on.
BPF_FLAGS = ["-O2", "-g", "-target", "bpf", "-mcpu=v3", "-Wall", "-Werror"]
FIX = "run `make setup`, or: apt-get install clang llvm libbpf-dev libelf-dev zlib1g-dev gcc python3-dev"


class BuildExt(build_ext):  # type: ignore[misc, unused-ignore]
    """``build_ext`` that also compiles ``bpf/**/*.bpf.c`` and generates the binding's C."""

    def run(self) -> None:
        into_source = bool(self.inplace)
        self._reusable = NATIVE if into_source else None
        compile_bpf((ROOT if into_source else Path(self.build_lib)) / BPF_OBJECTS)
        super().run()

    def build_extension(self, ext: Extension) -> None:
        output = Path(self.get_ext_fullpath(ext.name))
        inputs = [*NATIVE.glob("*.[ch]"), *BPF_SOURCES.glob("*.h"), NATIVE / "build.py"]
        if self._reusable and is_fresh(self._reusable / output.name, inputs):
            output.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(self._reusable / output.name, output)
            return
        require("bpf/libbpf.h")
        generated = Path(self.build_temp) / "_native.c"
        generated.parent.mkdir(parents=True, exist_ok=True)
        binding().emit_c_code(str(generated))
        ext.sources.append(str(generated))
        super().build_extension(ext)
        ext.sources.remove(str(generated))  # a path of this build only, which sdist must not see


class BuildPy(build_py):  # type: ignore[misc, unused-ignore]
    """``build_py`` that also packages ``policies/``; an editable install reads them in place."""

    def run(self) -> None:
        super().run()
        if not self.editable_mode:
            target = Path(self.build_lib) / "llamas_bpf" / "policies"
            shutil.copytree(ROOT / "policies", target, dirs_exist_ok=True)


def binding() -> cffi.FFI:
    """The cffi builder: declarations are the headers themselves, so the C compiler checks each one."""
    ffi = cffi.FFI()
    for header in HEADERS:
        lines = (NATIVE / header).read_text().splitlines()
        ffi.cdef("\n".join(line for line in lines if not line.startswith("#")))
    ffi.set_source("llamas_bpf.native._native", "\n".join(f'#include "{header}"' for header in HEADERS))
    return ffi


def compile_bpf(target: Path) -> None:
    """Compiles each ``bpf/**/*.bpf.c`` to ``target``; beside: what is read at load."""
    headers = [*BPF_SOURCES.rglob("*.h"), NATIVE / "build.py"]
    for source in sorted(BPF_SOURCES.rglob("*.bpf.c")):
        output = (target / source.relative_to(BPF_SOURCES)).with_suffix(".o")
        output.parent.mkdir(parents=True, exist_ok=True)
        if not is_fresh(output, [source, *headers]):
            require("bpf/bpf_helpers.h")
            _clang(source, output)
    for stale in set(target.glob("*.bpf.o")) - {target / f"{s.stem}.o" for s in BPF_SOURCES.glob("*.bpf.c")}:
        stale.unlink()  # of a source that is no more
    for header in ("events.h", "figures.h"):
        shutil.copy2(BPF_SOURCES / header, target)
    shutil.copytree(BPF_SOURCES / "bcc", target / "bcc", dirs_exist_ok=True)


def is_fresh(output: Path, inputs: list[Path]) -> bool:
    """Whether ``output`` exists and is newer than all its inputs."""
    return output.exists() and all(path.stat().st_mtime_ns < output.stat().st_mtime_ns for path in inputs)


def require(header: str) -> None:
    """Raises with the fixing command when a compiler, or this header of libbpf, is not installed."""
    for tool in ("clang", "cc"):
        if shutil.which(tool) is None:
            raise PlatformError(f"{tool} is not installed: {FIX}")
    probe = subprocess.run(
        ["cc", "-E", "-x", "c", "-"],
        input=f"#include <linux/types.h>\n#include <{header}>\n",
        text=True,
        capture_output=True,
        check=False,
    )
    if probe.returncode:
        raise PlatformError(f"the header {header} is not installed: {FIX}")


def _clang(source: Path, output: Path) -> None:
    # Debian keeps <asm/types.h> under the machine's own name, where clang -target bpf does not look.
    multiarch = sysconfig.get_config_var("MULTIARCH")
    include = [f"-I/usr/include/{multiarch}"] if multiarch else []
    # libbpf's names of processors (PT_REGS_IP and its like).
    arch = {"x86_64": "x86", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
    command = ["clang", *BPF_FLAGS, f"-D__TARGET_ARCH_{arch}", *include, "-c", str(source), "-o", str(output)]
    done = subprocess.run(command, text=True, capture_output=True, check=False)
    if done.returncode:
        raise PlatformError(f"clang could not compile {source.name}:\n{done.stderr}")
