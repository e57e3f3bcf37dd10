"""PASTIS and PASTIS-R as released, and the simulated sample written in their layout."""
