"""Jobs: one table, a lease, and a child process on a leash for every attempt."""
