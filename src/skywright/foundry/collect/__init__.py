"""Collectors: GitHub, Hugging Face, and what people upload."""
