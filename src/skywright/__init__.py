"""An open, self-hosted AI platform for space."""

__version__ = "0.1.0"
