"""The kinds that ship: each a module with ``fit(run)`` and ``load(folder)``."""
