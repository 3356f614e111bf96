"""Models that score logged features, for a search of alternatives: ``model_file`` opens ONNX and skops files.

``onnx_model`` runs the one and ``skops_model`` the other. Each needs an extra, ``onnx`` or ``ml``. ``exports`` writes
fitted models and cuts by group as such files, and ``onnx_writing`` the format ONNX.
"""
