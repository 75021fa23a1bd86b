"""Every approach among the objects of a catalogue, found without missing any."""
