"""From pixels and images to batches of pairs."""
