"""Pages: results as one HTML file that needs nothing beside it, made of templates, with charts by Plotly."""
