"""Who looks at a run: checks before it, a watch on it, and what it says?"""
