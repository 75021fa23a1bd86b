"""Public data, one module a provider: a declared state, a licence, records with provenance."""
