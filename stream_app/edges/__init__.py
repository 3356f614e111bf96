"""Everything that touches the world, one technology per module or folder."""
