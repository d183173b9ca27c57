"""The model's client, its context and its memory: a process of their own, with no rights."""
