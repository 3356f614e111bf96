"""The pages of data quality: what was not counted, and how often a group was not known.

``quality_list`` has all models, ``model_quality`` one of them by day, hour and window. ``reasons`` says in words why
records were rejected, ``unknown_shares`` reads the shares of unknown groups.
"""
