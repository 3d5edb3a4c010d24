"""What else would fit: other places, mirror images, and what lies beyond the border of the field."""
