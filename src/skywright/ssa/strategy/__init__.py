"""What the operator's own satellite can do about a conjunction: proposed, then checked."""
