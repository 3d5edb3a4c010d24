"""What does an expression or a call in a source stand for?"""
