"""What do losses, their parts and their targets say?"""
