"""What is known of a memory node or a device: from the kernel, and from the operator's texts."""

from typing import Any, Literal

from pydantic import Field

from llamas_bpf.advise.context import call
from llamas_bpf.advise.context.call import Page, Reach, paged
from llamas_bpf.advise.context.call import written as as_json
from llamas_bpf.advise.context.function_error import FunctionError


class Call(call.Call):
    """What the kernel and the operator tell of a node or device."""

    function: Literal["device_profile"]
    device: str = Field(pattern=r"^[a-z]{1,8}[0-9]{1,4}$", description="such as node2 or gpu0")
    page: Page = 1


def run(call: Call, reach: Reach) -> str:
    """The kernel's figures first."""
    rows = (reach.observation.machine, (reach.observation.shown or {}).get("machine", {}))
    known = [part for row in rows for part in _parts(row, call.device)]
    known = [part for place, part in enumerate(known) if part not in known[:place]]
    if not known:
        raise FunctionError(f"this machine has no {call.device}: name one that you were given", "unknown_id")
    texts = reach.archival.of_source(call.device)
    kinds = " ".join(str(part.get("kind", "")) for part in known)
    if not texts:
        texts = reach.archival.search(f"{call.device} {kinds}")[0][:3]
    items = [as_json(part) for part in known] + [f"{row['source']}: {row['text']}" for row in texts]
    return paged(items, call.page, reach, device=call.device)


def _parts(machine: dict[str, Any], device: str) -> list[dict[str, Any]]:
    """Entries of this id, wherever the machine's row has them: in lists, or by number."""
    found = []
    for group in machine.values():
        if isinstance(group, list):
            found += [part for part in group if isinstance(part, dict) and part.get("id") == device]
        elif isinstance(group, dict) and device.startswith("node"):
            part = group.get(device.removeprefix("node"))
            found += [part] if isinstance(part, dict) else []
    return found
