"""What does the source of a training suggest, read and never run (standard library alone, no torch)?"""
