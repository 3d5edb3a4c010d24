"""Near-field localisation of radio sources through a reconfigurable intelligent surface."""

__version__ = "0.1.0"
