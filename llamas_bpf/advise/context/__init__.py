"""What the model remembers: its window is virtual memory (MemGPT, arXiv 2310.08560).

In the window are the instructions, blocks that the model itself writes (``core.py``), and a queue of messages
that begins with a summary (``fifo.py``). Behind it are recall and archival storage (``memory.py``), and the
model pages between them by calling functions (``functions/``).
"""
