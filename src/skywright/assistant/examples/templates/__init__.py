"""What can be asked, by category: how a conversation goes, and for which subjects."""
