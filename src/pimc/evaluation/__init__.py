"""What encoders are worth: arms of the tasks under one protocol."""
