"""Tables of labelled pixel series, without images."""
