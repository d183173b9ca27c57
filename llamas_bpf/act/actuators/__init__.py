"""One file per mechanism, named like the ``kind`` of its targets."""
