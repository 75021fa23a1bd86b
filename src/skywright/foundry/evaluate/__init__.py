"""Evaluation: metrics with intervals, beside a trivial baseline and the model in use."""
