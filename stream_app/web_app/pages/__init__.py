"""The pages.

``urls`` lists them, ``apps`` names them to Django. ``overview`` and ``model_page`` show verdicts, ``verdict_rows`` says
them in words and numbers, ``charts`` draws them; ``alerts``, ``cases``, ``audit``, ``policies``, ``privacy``,
``runbooks`` and ``users`` have their own pages. ``page`` renders a page with how current it is, ``parts`` are what
pages share, ``watched`` keeps the policy that they show. ``errors`` are the pages of what went wrong, ``assets`` gives
out style and script, ``health`` is for supervisors.
"""
