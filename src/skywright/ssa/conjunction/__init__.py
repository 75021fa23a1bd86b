"""How probable a collision is, by which method, and whether the number can be trusted."""
