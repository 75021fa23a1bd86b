"""Endpoints: one model or two behind a name, in batches, watched."""
