"""The page of privacy.

``privacy_page`` shows it, ``key_rows`` reads the epochs of keys, ``cost_rows`` the epsilon that was spent,
``retention_rows`` what is wrong with the retention of topics.
"""
