"""How does a watch hear of a loop that knows nothing of it?"""
