"""What was asked and answered, with tables and files, kept until their owner ends it."""
