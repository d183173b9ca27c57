"""DAMON, the kernel's data access monitor: one for the whole kernel, so one room for all that use it here.

``heat/`` watches with it, ``act/`` has it move pages. Neither knows of the other; both join
``kdamonds.SHARED``.
"""
