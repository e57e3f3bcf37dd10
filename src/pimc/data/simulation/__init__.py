"""A simulated farmland: its ground, growth and weather, and how a satellite sees it."""
