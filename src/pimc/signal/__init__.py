"""Pure functions on arrays: sampling, indices, calendar, recurrence. No Kedro."""
