"""Fairness statistics as functions of counts."""
