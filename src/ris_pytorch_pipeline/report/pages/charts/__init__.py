"""What do charts show? Plain specifications for Plotly, and the numbers in them as tables."""
