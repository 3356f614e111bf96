"""Verdicts on decisions that are amounts.

``counts`` adds up the cells of a window by group, ``comparisons`` compares each group with its reference, ``results``
makes a result of each attribute of them, ``sentence`` puts a difference of means into words, ``alerts`` describes an
alarm.
"""
