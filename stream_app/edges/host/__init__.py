"""This machine: logs, ports, child processes, HTTP, installed components."""
