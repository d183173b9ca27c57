"""``python -m llamas_bpf.cli``, where the installed script is not on the path."""

from llamas_bpf.cli import main

main()
