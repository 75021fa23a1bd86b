"""TOML recipes that ship with the package."""
