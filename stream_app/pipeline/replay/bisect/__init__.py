"""When a pair's treatment changed, and with which version of the model."""
