"""How does the run go: counts, rates, curves and epochs?"""
