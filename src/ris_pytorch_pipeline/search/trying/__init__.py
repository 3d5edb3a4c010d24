"""How does a worker try recipes, judge them, and go through the stages?"""
