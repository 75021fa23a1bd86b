"""The knowledge base: documents cut at their headings, found by words and by meaning."""
