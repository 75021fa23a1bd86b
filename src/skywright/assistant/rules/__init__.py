"""The engine that needs no language model: what a question names, what it wants, and the answer."""
