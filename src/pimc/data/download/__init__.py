"""Public data sets, fetched: checked, gone on with, safely unpacked."""
