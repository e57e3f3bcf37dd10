"""Maps of a user's own ground: embeddings, classes and what they are worth, pixel by pixel."""
