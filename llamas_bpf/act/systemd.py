"""Cgroups that systemd owns, changed as it asks to be: by runtime properties of its units over D-Bus.

org.freedesktop.systemd1(5); systemd.resource-control(5); and https://systemd.io/CGROUP_DELEGATION for whose a
cgroup is. A property set so lasts until the next boot, as a drop-in in /run, and so longer than the cgroup:
a unit that is restarted gets a new one. Units of a user's own systemd lie below a delegated one, and are not
its affair.
"""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from jeepney import DBusAddress, HeaderFields, MessageType, new_method_call
from jeepney.io.blocking import open_dbus_connection

from llamas_bpf.act import drop_ins
from llamas_bpf.act.entries import Old
from llamas_bpf.act.errors import ActError, describe, explained
from llamas_bpf.act.unit_properties import PROPERTIES, Property, in_steps
from llamas_bpf.contracts.action import CgroupKnob
from llamas_bpf.shown import plain

#: There if systemd is process 1 (sd_booted(3)).
RUNNING = Path("/run/systemd/system")
#: Units that have a cgroup, by the end of their names (systemd.unit(5)), with their D-Bus interfaces.
_KINDS = {
    kind: f"org.freedesktop.systemd1.{kind.title()}"
    for kind in ("service", "scope", "slice", "socket", "mount", "swap")
}
#: systemd.unit(5); no template, which has no instance and so no cgroup.
_NAME = re.compile(rf"[\w:.\\-]+(@[\w:.\\@-]+)?\.({'|'.join(_KINDS)})", re.ASCII)
#: For a question, and for a change: systemd itself waits while the kernel moves pages (``cpuset.mems``).
_ANSWER_S, _CHANGE_S = 5, 25
_SYSTEMD = "org.freedesktop.systemd1"
_MANAGER = DBusAddress("/org/freedesktop/systemd1", _SYSTEMD, f"{_SYSTEMD}.Manager")
_NO_UNIT = f"{_SYSTEMD}.NoSuchUnit"


class Systemd:
    """A connection of its own for every question: one takes a millisecond, and none can be stale.

    Once it has kept a batch of actions waiting in vain, the rest of that batch fails at once.
    """

    def __init__(self) -> None:
        self._silent: ActError | None = None

    def begin(self) -> None:
        """A new batch: it is asked again."""
        self._silent = None

    def unit_of(self, target: CgroupKnob) -> str | None:
        """The name of the unit whose cgroup this is; None for one that is nobody's, or below a unit's.

        Raises ActError if systemd does not answer: what may be its own is not touched then.
        """
        found = self._unit(target.cgroup)
        return found[0] if found else None

    def manages_below(self, cgroup: str) -> bool:
        """Whether it is systemd who decides on the controllers of this cgroup's children."""
        if cgroup == "/":
            return RUNNING.is_dir()
        found = self._unit(cgroup)
        return found is not None and not found[1]

    def set(self, unit: str, target: CgroupKnob, value: str) -> None:
        """Returns when systemd has written it. ActError if it has no such property, or refuses the value."""
        if target.knob not in PROPERTIES:
            raise ActError(f"{describe(target)}: systemd owns {unit}, and has no property for {target.knob}")
        for properties in in_steps(target.knob, value):
            self._ask(_MANAGER, "SetUnitProperties", "sba(sv)", (unit, True, properties), _CHANGE_S)
            # systemd answers first and writes then, but takes up no other call before it has written
            # (manager_loop: the queue of cgroups comes before the bus).
            self._ask(_MANAGER, "GetUnit", "s", (unit,), _CHANGE_S)

    def keeps_nothing(self, target: CgroupKnob) -> bool:
        """Whether setting the knob would make a drop-in that was not there before."""
        unit = _named_after(target.cgroup)
        return unit is not None and target.knob in PROPERTIES and drop_ins.absent(unit, target.knob)

    def take_back(self, target: CgroupKnob, old: Old, ours: Iterable[str]) -> str | None:
        """Give the unit what it had, if it has one of ours still, be its cgroup there or not; gives its name
        then. ActError if systemd does not answer, or refuses."""
        unit = _named_after(target.cgroup)
        if unit is None or target.knob not in PROPERTIES:
            return None
        path, kind = self._ask(_MANAGER, "LoadUnit", "s", (unit,)), _KINDS[unit.rpartition(".")[2]]
        if path is None or self._property(path, kind, "ControlGroup") not in ("", target.cgroup):
            return None  # another's of the same name, as in a container
        is_old = self._has(path, kind, in_steps(target.knob, old.value)[-1])
        is_ours = any(self._has(path, kind, in_steps(target.knob, value)[-1]) for value in ours)
        if is_ours and not is_old:
            self.set(unit, target, old.value)
        if old.no_drop_in and (is_old or is_ours):
            with explained(target):
                drop_ins.remove(unit, target.knob)
        return unit if is_ours else None

    def _has(self, path: str, kind: str, properties: Iterable[Property]) -> bool:
        return all(_same(self._property(path, kind, name), value) for name, (_, value) in properties)

    def _unit(self, cgroup: str) -> tuple[str, bool] | None:
        """Name, and whether what is below it is its own affair (``Delegate=``)."""
        kind = _KINDS.get(cgroup.rpartition(".")[2])
        if kind is None or not RUNNING.is_dir():
            return None
        found = self._ask(_MANAGER, "GetUnitByControlGroup", "s", (cgroup,))
        unit = str(self._property(found, f"{_SYSTEMD}.Unit", "Id")) if found else ""
        # systemd names the nearest unit above, which may be of another kind.
        if (
            _KINDS.get(unit.rpartition(".")[2]) != kind
            or self._property(found, kind, "ControlGroup") != cgroup
        ):
            return None
        delegates = kind.endswith((".Service", ".Scope")) and self._property(found, kind, "Delegate")
        return unit, bool(delegates)

    def _property(self, path: str, interface: str, name: str) -> Any:
        unit = DBusAddress(path, _SYSTEMD, "org.freedesktop.DBus.Properties")
        found = self._ask(unit, "Get", "ss", (interface, name))
        return found[1] if found else None

    def _ask(
        self, where: DBusAddress, method: str, signature: str, words: tuple[Any, ...], wait_s: int = _ANSWER_S
    ) -> Any:
        """The answer's first value; None if it has none, or there is no such unit."""
        if self._silent:
            raise self._silent
        try:
            with open_dbus_connection("SYSTEM") as connection:
                call = new_method_call(where, method, signature, words)
                reply = connection.send_and_get_reply(call, timeout=wait_s)
        except (OSError, RuntimeError, ValueError) as error:  # jeepney's own are among these
            why = plain(error) or type(error).__name__
            refused = ActError(f"systemd does not answer on the system bus ({why}): systemctl status dbus")
            if isinstance(error, TimeoutError):
                self._silent = refused
            raise refused from error
        if reply.header.message_type is MessageType.error:
            if reply.header.fields.get(HeaderFields.error_name) == _NO_UNIT:
                return None
            raise ActError(f"systemd says no to {method}: {plain(reply.body[0] if reply.body else '')}")
        return reply.body[0] if reply.body else None


def _named_after(cgroup: str) -> str | None:
    """The unit that a cgroup of this name may belong to; systemd puts a ``_`` before what could be a file's
    name (cg_escape in src/basic/cgroup-util.c). None where there is no systemd."""
    name = cgroup.rpartition("/")[2].removeprefix("_")
    return name if _NAME.fullmatch(name) and RUNNING.is_dir() else None


def _same(now: Any, value: Any) -> bool:
    """A mask may have bytes of zeros at its end."""
    return bool(now == value or (isinstance(now, bytes) and now.rstrip(b"\0") == value.rstrip(b"\0")))
