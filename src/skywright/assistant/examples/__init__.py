"""Examples to train language models with: conversations in which every step was really taken."""
