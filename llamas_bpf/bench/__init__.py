"""Measures what our parts cost, beside what else one could do: the room behind ``llamas-bpf bench``."""
