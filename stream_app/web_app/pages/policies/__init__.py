"""The pages of policies.

``policy_list`` shows the policy in use and the drafts, ``policy_page`` every field of a model; ``draft_page`` one draft
with what it changes, ``draft_forms`` checks, proposes and decides. ``policy_comparison`` shows what differs between two
registered policies.
"""
