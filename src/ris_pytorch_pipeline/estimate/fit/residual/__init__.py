"""What the sources leave over: is it white noise, and what else may it be?"""
