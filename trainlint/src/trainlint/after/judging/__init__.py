"""Rules over series: what do the values of a run say, whatever printed them?"""
