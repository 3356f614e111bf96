"""The page of tokens: ``urls`` lists its addresses, ``token_list`` shows tokens, ``token_forms`` makes,
limits and ends them.

``owned`` says what a user may do with which token.
"""
