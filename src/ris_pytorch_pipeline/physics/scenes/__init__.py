"""Which scenes are there to be located? Scenarios, and what is drawn from them."""
