"""One loop for all answers, whoever decides the next step: our rules or a language model."""
