"""Where are the trials of a search kept, and who works on which?"""
