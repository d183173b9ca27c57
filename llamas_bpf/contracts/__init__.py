"""The types that cross a wall between stages, and nothing else: no logic, no I/O."""
