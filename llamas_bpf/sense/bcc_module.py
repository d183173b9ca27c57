"""Finds BCC's Python module: Debian's python3-bpfcc, which a virtual environment does not show by itself."""

import importlib
import importlib.util
import sys
from pathlib import Path
from types import ModuleType

from llamas_bpf.sense.errors import NoBccError

DEBIAN = Path("/usr/lib/python3/dist-packages")
FIX = (
    "apt-get install python3-bpfcc (elsewhere than on Debian: a virtual environment made with "
    "--system-site-packages, on the Python that the system's BCC is for)"
)
_DEBIANS = "llamas_bpf_debian_bcc"


def find_bcc(debian: Path = DEBIAN) -> ModuleType:
    """The module with ``BPF``. Raises ``NoBccError``.

    BCC is plain Python on libbcc.so, so Debian's serves any Python 3; of its directory nothing else is
    made visible. PyPI's ``bcc`` is about crystal lattices.
    """
    try:
        found = importlib.import_module("bcc")
        if hasattr(found, "BPF"):
            return found
        why = f"{getattr(found, '__file__', None) or 'bcc'} is another package of that name"
    except (ImportError, OSError) as error:
        why = str(error)
    try:
        return _debians(debian / "bcc" / "__init__.py")
    except FileNotFoundError:
        raise NoBccError(f"BCC's Python module is not here ({why}): {FIX}") from None
    except (ImportError, OSError) as error:
        raise NoBccError(f"BCC's Python module in {debian} cannot be used ({error}): {FIX}") from None


def _debians(init: Path) -> ModuleType:
    known = sys.modules.get(_DEBIANS)
    if known and known.__file__ == str(init):
        return known
    places = [str(init.parent)]
    spec = importlib.util.spec_from_file_location(_DEBIANS, init, submodule_search_locations=places)
    if spec is None or spec.loader is None or not init.is_file():
        raise FileNotFoundError(init)
    module = importlib.util.module_from_spec(spec)
    sys.modules[_DEBIANS] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[_DEBIANS]
        raise
    return module
