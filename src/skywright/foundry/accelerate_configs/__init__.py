"""Configurations of ``accelerate launch`` that ship."""
