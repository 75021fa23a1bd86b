"""Stand-ins for the public services on this machine: their protocols, over tables of one's own.

For trying things out and for tests; nothing in here asks the outside world.
"""
