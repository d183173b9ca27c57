"""``run``: watch, advise, and with ``--enforce`` act. Everything changed is put back at the end."""

from pathlib import Path

import click

from llamas_bpf.cli import _options as options
from llamas_bpf.config import BackendName, load


@click.command()
@click.option(
    "--enforce", is_flag=True, help="write to the kernel  [default: only say what would be written]"
)
@click.option(
    "--advisor",
    default="",
    help="order to ask in: rules, llm, experience, replay:FILE  [default: experience,llm,rules or rules]",
)
@options.duration
@click.option("--metrics-port", type=click.IntRange(0, 65535), help="serve /metrics here, on loopback")
@click.option("--keep", is_flag=True, help="leave what was changed as it is when stopping")
@options.state
@options.backend
@options.config
@options.as_json
def command(
    enforce: bool,
    advisor: str,
    duration: float | None,
    metrics_port: int | None,
    keep: bool,
    state: Path,
    backend: BackendName | None,
    config: Path | None,
    as_json: bool,
) -> None:
    """Watch this machine and say what should change; with --enforce, change it."""
    from llamas_bpf.controller.signals import stop_on_signal

    # Before the imports that take long: Ctrl-C ends the loop, never the opening nor the restoring.
    with stop_on_signal() as stop:
        from llamas_bpf.cli._screen import Screen
        from llamas_bpf.controller.session import Settings, session

        settings = Settings(
            config=options.with_backend(load(config), backend),
            state=state,
            advisor=advisor,
            enforce=enforce,
            keep=keep,
            duration_s=duration,
            metrics_port=metrics_port,
        )
        with Screen(as_json) as screen:
            session(settings, stop, on_report=screen.window, say=screen.say)
