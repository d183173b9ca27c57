"""A skipped test is a failure, unless what it needs is a kernel feature and the skip names it.

A test for another machine (a node that this one's topology does not describe) is left out of the run.
"""

import signal
from types import FrameType

import pytest
from kernel_features import apply, lacking

_ALLOWED = "kernel feature: "
#: No model, key or proxy of this machine's own gets into a test.
_OF_THE_MACHINE = (
    "OPENAI_BASE_URL",
    "OPENAI_API_KEY",
    "OPENAI_MODEL",
    "HTTP_PROXY",
    "http_proxy",
    "ALL_PROXY",
)


@pytest.fixture(autouse=True)
def no_model(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in _OF_THE_MACHINE:
        monkeypatch.delenv(name, raising=False)


def pytest_configure() -> None:
    # A shell's background jobs ignore Ctrl-C and Ctrl-\\, what nohup(1) starts ignores a hangup, and so would
    # all that the tests start, and wait for in vain. A handler is not handed down: theirs is the default.
    for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGHUP):
        if signal.getsignal(number) == signal.SIG_IGN:
            signal.signal(number, signal.default_int_handler if number == signal.SIGINT else _survive)


def _survive(_number: int, _frame: FrameType | None) -> None:
    """As whoever started us wanted."""


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    elsewhere = []
    for item in items:
        needs = [feature for mark in item.iter_markers("needs") for feature in mark.args]
        try:
            missing = lacking(needs)
            if not apply(needs):
                elsewhere.append(item)
        except ValueError as error:
            raise pytest.UsageError(f"{item.nodeid}: {error}") from None
        if missing is not None:
            item.add_marker(pytest.mark.skip(reason=_ALLOWED + missing))
    config.hook.pytest_deselected(items=elsewhere)
    items[:] = [item for item in items if item not in elsewhere]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]):  # type: ignore[no-untyped-def]
    report = yield
    if report.skipped and isinstance(report.longrepr, tuple):
        reason = report.longrepr[2].removeprefix("Skipped: ")
        if not reason.startswith(_ALLOWED):
            report.outcome = "failed"
            report.longrepr = f"skipped without naming a kernel feature ({_ALLOWED}…): {reason}"
    return report
