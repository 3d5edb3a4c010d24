"""How is a source read and walked through, in the order in which it would run?"""
