"""On which devices and in which processes does a run go, and how do they stay one run?"""
