"""HTTP: thin routers over the rooms below."""
