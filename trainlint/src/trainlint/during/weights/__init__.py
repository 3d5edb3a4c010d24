"""Which weights are trained, what are they called, and how far did they move?"""
