"""Typed, bounded functions that answer from catalogues, the literature and our own models."""
