"""How many sources: what stands out of scatter and of errors of the model, and what chance gains."""
