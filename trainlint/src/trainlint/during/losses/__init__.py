"""What is a loss made of, and what would a constant answer score?"""
