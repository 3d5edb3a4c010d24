"""Watching a program that nobody edited: what it uses is found through torch itself."""
