"""Where vectors are searched: in the knowledge base itself, or in a service beside it."""
