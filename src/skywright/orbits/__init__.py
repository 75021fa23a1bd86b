"""Celestial mechanics: pure functions over arrays; no files but the ephemeris, no network."""
