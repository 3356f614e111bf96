"""From the cells of a window to results, alerts and their causes."""
