"""Decisions that are amounts: ``rates`` simulates the interest rates of granted loans."""
