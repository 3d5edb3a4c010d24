"""What does a search vary, and what does it try next?"""
