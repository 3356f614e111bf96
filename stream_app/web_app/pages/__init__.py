"""The pages.

``urls`` lists them, ``apps`` names them to Django. ``overview`` and ``model_page`` show verdicts, ``verdict_rows`` says
them in words and numbers, ``amount_rows`` those about amounts, ``charts`` draws them; ``alerts``, ``cameras``,
``cases``, ``audit``, ``policies``, ``privacy``, ``quality``, ``replays``, ``runbooks`` and ``users`` have their own
pages. ``page`` renders a page with how current it is, ``parts`` are what pages share, ``watched`` keeps the policy that
they show. ``errors`` are the pages of what went wrong, ``assets`` gives out style and script, ``health`` is for
supervisors.
"""
