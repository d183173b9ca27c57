"""A skipped test is a failure, unless what it needs is a kernel feature and the skip names it."""

import pytest

_ALLOWED = "kernel feature: "


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]):  # type: ignore[no-untyped-def]
    report = yield
    if report.skipped and isinstance(report.longrepr, tuple):
        reason = report.longrepr[2].removeprefix("Skipped: ")
        if not reason.startswith(_ALLOWED):
            report.outcome = "failed"
            report.longrepr = f"skipped without naming a kernel feature ({_ALLOWED}…): {reason}"
    return report
