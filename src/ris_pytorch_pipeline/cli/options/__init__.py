"""What can be said on a command line, and what is made of it?"""
