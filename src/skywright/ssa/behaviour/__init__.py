"""What an object does, as 128 numbers with names, and how unlike quiet objects it is."""
