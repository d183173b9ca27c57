"""The guard's checks, one a file, asked in the order of their ``ORDER``."""
