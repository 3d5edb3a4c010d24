"""What does a run keep on disk, and how does it come back?"""
