"""``fairstream incident``: ``open`` records an incident in the audit log, and opens a case of the web application."""
