"""Have there been enough changes for one minute, with all of this decision's? It is not cut in two."""

from llamas_bpf.guard.case import Case

ORDER = 38


def check(case: Case) -> str | None:
    if case.begun or case.prolongs:
        return None
    most = case.limits.rates.actions_per_minute
    if most == 0:
        return "limits.toml allows no changes (actions_per_minute in [rates] is 0)"
    lately = case.window.in_a_minute
    now = sum(not case.goes_on(sibling) for sibling in case.siblings)
    if lately + now > most:
        return (
            f"{lately} settings were changed within a minute and this decision has {now}, and limits.toml"
            f" allows {most} (actions_per_minute)"
        )
    return None
