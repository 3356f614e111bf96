"""What a sample of records says beside its dispositions.

``periods`` says whether the comparison period suits the sample, ``proxies`` how many records have probabilities of
membership.
"""
