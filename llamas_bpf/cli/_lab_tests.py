"""``lab test`` and ``lab matrix``: the tests that need a kernel of their own."""

import json
from pathlib import Path

import click

from llamas_bpf.cli import _lab_options as lab_options
from llamas_bpf.cli import _options as options
from llamas_bpf.cli._ends import PassesStatusThrough

_WORDS = click.argument("words", nargs=-1, type=click.UNPROCESSED, metavar="[-- PYTEST OPTIONS...]")


@click.command(cls=PassesStatusThrough)
@lab_options.kernel
@lab_options.topology
@lab_options.init
@lab_options.timeout(1800)
@lab_options.packages
@lab_options.out("Where junit.xml and output.txt go.", "build/lab-test")
@options.as_json
@_WORDS
def test(
    kernel: str,
    topology: str,
    init: str,
    timeout: float,
    packages: tuple[str, ...],
    out: Path,
    as_json: bool,
    words: tuple[str, ...],
) -> int:
    """Run tests/lab in a guest, and exit as pytest did (125: the guest did not end as it should)."""
    from llamas_bpf.lab import Guest, matrix, testing

    lab_options.tidy_when_ended()
    guest = Guest(kernel, topology, init, timeout, packages)
    tested = testing.run_tests(guest, words, out, lab_options.say, show=not as_json)
    if as_json:
        click.echo(json.dumps(matrix.as_json(tested)))
    elif tested.trouble:
        lab_options.say(tested.trouble)
    return tested.status


@click.command(name="matrix")
@click.option("--kernel", "kernels", multiple=True, help="Again for more.  [default: all]")
@click.option(
    "--topology", "topologies", multiple=True, default=["tiers"], show_default=True, help="Again for more."
)
@lab_options.init
@lab_options.timeout(1800)
@lab_options.out("Where each guest's junit.xml and output.txt go.", "build/lab-matrix")
@options.as_json
@_WORDS
def test_matrix(
    kernels: tuple[str, ...],
    topologies: tuple[str, ...],
    init: str,
    timeout: float,
    out: Path,
    as_json: bool,
    words: tuple[str, ...],
) -> int:
    """Run tests/lab on every kernel, one guest after the other; exit status 1 if anything failed.

    A skipped test is told by what the kernel lacks.
    """
    from llamas_bpf.lab import Guest, matrix
    from llamas_bpf.lab.kernel import KERNELS
    from llamas_bpf.lab.topology import load_topology

    lab_options.tidy_when_ended()
    for topology in topologies:
        load_topology(topology)  # a slip of the pen is no result
    for kernel in kernels:
        if kernel not in KERNELS:
            raise click.BadParameter(f"there is no kernel {kernel!r}: choose one of {', '.join(KERNELS)}")
    guest = Guest(init=init, timeout_s=timeout)
    results = []
    for tested in matrix.run_matrix(kernels or list(KERNELS), topologies, guest, words, out, lab_options.say):
        results.append(tested)
        if as_json:
            click.echo(json.dumps(matrix.as_json(tested)))
    if not as_json:
        click.echo(matrix.table(results))
    return 1 if any(tested.status for tested in results) else 0
