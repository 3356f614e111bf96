"""How both counting lanes publish and store their open panes."""
