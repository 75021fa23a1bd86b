"""Near-Earth objects: assess, classify, anomalies, what-if."""
