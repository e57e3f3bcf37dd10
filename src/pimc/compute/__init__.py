"""Independent pieces of work on an engine that one parameter names."""
