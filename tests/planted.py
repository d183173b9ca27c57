"""Rules planted on purpose, for a controller that is to carry them out."""

from pathlib import Path

_RULE = """
[[rule]]
name = "{name}"
about = "workload"
when = ["workload.started_by_exec", {when}]
for_windows = {windows}
every_s = 600
[rule.hint]
reason = "a test wants it"
confidence = 0.9
{hint}
"""
_HOLDS = '"workload.memory.total_bytes > 45000000.0"'


def rule(name: str, hint: str, when: str = _HOLDS, windows: int = 1) -> str:
    """A rule about whatever ``exec`` started; ``hint`` is TOML, ``when`` a condition in quotation marks."""
    return _RULE.format(name=name, hint=hint, when=when, windows=windows)


def only(directory: Path, *rules: str, window_s: float = 1) -> Path:
    """A configuration with these rules in place of the packaged ones, and windows of that length."""
    folder = directory / "policies/rules"
    folder.mkdir(parents=True)
    for packaged in ("cpu", "devices", "memory", "tiering"):
        (folder / f"{packaged}.toml").write_text("")
    (folder / "ours.toml").write_text("".join(rules))
    config = directory / "config.toml"
    config.write_text(f"policies = '{directory / 'policies'}'\nwindow_s = {window_s}\n")
    return config
