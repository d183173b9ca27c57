"""Is anything about this workload still to be judged? Two effects at once could not be told apart."""

from llamas_bpf.guard.case import Case

ORDER = 32


def check(case: Case) -> str | None:
    subject = case.action.workload
    if case.prolongs:
        return None
    for other in case.accepted:
        if other.workload == subject and other.hint_id != case.action.hint_id and not case.goes_on(other):
            return (
                f"decision {other.hint_id} of this window is about {case.who} too, and is to be judged first"
            )
    if subject in case.situation.on_trial:
        return f"an earlier decision about {case.who} is not judged yet: try again when it is"
    return None
