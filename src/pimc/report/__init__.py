"""Metrics, figures and tables for people to read."""
