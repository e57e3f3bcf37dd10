"""Terms of the loss, and what counts as alike in it."""
