"""Event time: panes, watermarks, tumbling windows, repeats."""
