"""How is it said which scenes a command works on?"""
