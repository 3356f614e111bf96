"""Amounts as people may see them: ``values`` are the disclosed forms, ``words`` the sentences about them."""
