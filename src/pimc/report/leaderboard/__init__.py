"""All tasks, arms and data sets in one table, figure and page."""
