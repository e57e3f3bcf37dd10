"""Image encoders of others: timm's networks with weights from a file."""
