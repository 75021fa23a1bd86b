"""The lifecycle of a model: recipe, run, evaluation, registry, prediction."""
