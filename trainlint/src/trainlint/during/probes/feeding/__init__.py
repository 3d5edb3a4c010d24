"""What goes into the modules, what do they pass on, and in which mode are they?"""
