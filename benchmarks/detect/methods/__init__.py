"""The methods that monitor the simulated streams, over many runs at once.

``detector`` is the detector bank of FairStream, ``rivals`` are rules for single windows and detectors of river, and
``oracle`` is a CUSUM that knows the rates, with the bound for any method.
"""
