"""An open, self-hosted AI platform for space."""

import os

__version__ = "0.1.0"

# Libraries that report to their makers by default look here once, when they start.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
