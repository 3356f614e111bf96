"""How records become pandas DataFrames: documented columns with fixed dtypes. ``columns`` declares what a column is,
``result_columns``, ``amount_columns``, ``outcome_columns`` and ``detection_columns`` declare the columns of every
DataFrame that the API returns, ``build`` makes a DataFrame from records, ``read`` takes the rows of a DataFrame of
counts, and ``reference`` writes all columns as Markdown tables. pandas is imported when the first DataFrame is made or
read, not before.
"""
