"""Lets a language model help a Linux kernel manage heterogeneous memory and processors."""

__version__ = "0.1.0"
