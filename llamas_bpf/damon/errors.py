"""Why DAMON cannot be ours."""


class NotOursError(Exception):
    """It is not in this kernel, or belongs to somebody else: a sentence that names the fix."""
