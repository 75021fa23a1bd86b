"""Labelled scenarios: true orbits with burns, seen through a catalogue as it really is."""
