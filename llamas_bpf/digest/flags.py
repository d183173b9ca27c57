"""The constants of ``bpf/events.h``, read from that one text."""

from llamas_bpf.sense.layout import read_enums
from llamas_bpf.sense.probes import OBJECTS

_ENUMS = read_enums((OBJECTS / "events.h").read_text(encoding="utf-8"))

FAULT_KERNEL = _ENUMS["fault_flag"]["FAULT_KERNEL"]
FAULT_WRITE = _ENUMS["fault_flag"]["FAULT_WRITE"]

SWITCH = _ENUMS["sched_type"]["SCHED_SWITCH"]
WAKEUPS = (_ENUMS["sched_type"]["SCHED_WAKEUP"], _ENUMS["sched_type"]["SCHED_WAKEUP_NEW"])
MIGRATE = _ENUMS["sched_type"]["SCHED_MIGRATE"]
