"""The watch: drift, performance with and without labels, and what follows from them."""
