"""Encoders for whoever has reflectance: all between arrays and embeddings is done here."""
