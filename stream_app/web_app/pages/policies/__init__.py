"""The pages of policies.

``policy_list`` shows the policy in use and the drafts, ``draft_page`` one draft with what it changes, ``draft_forms``
checks, proposes and decides.
"""
