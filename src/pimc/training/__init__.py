"""What every training shares: loop, optimiser with its schedule, changes of series and images."""
