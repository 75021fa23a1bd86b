"""Data of the foundry: manifests of hashes, splits, cleaning, and the passes before training."""
