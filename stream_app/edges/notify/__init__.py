"""The receiving end of Alertmanager: notifications read, told, and their silence noticed."""
