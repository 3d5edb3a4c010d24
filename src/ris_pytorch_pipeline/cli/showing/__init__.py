"""How do results reach a screen or a file?"""
