"""The assistant: questions about the sky and the space industry, answered with their sources."""
