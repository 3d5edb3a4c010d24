"""Do gradients arrive, and do the weights follow them?"""
