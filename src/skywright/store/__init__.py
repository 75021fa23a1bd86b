"""Where things rest: database schema and migrations, blobs by hash."""
