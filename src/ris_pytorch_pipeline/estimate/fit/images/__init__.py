"""Which found sources are one: images at other carriers, of a source that moves, or with the same symbols."""
