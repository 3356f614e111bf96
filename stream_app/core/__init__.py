"""Pure ideas: no I/O, clock, randomness, logging or settings.

At the bottom, independent of each other: ``events`` decodes and checks one record, ``windows`` cuts and counts event
time, ``groups`` compares counts of groups, ``detection`` has the sequential tests, ``privacy`` pseudonyms and
suppression, ``noise`` counts of tracks with exact noise, ``inspection`` finds personal data in fields, ``audit`` is the
Merkle tree and the signatures of the audit log; below them ``amounts`` counts prices, rates and limits, ``arrays``
names their array types, and ``decoding`` turns bytes of others into values. Above them ``releases`` says what several
releases of counts reveal together, and ``intervals`` how precisely a rate, mean, gap or ratio is known. On top:
``fairness`` has the measures that need outcomes, records or amounts, ``cause`` explains a gap, ``join`` joins late
outcomes to decisions, ``allocation`` shares hours among areas, ``alternatives`` compares other rules with the logged
decisions, ``mitigation`` has weights and cuts that lessen a disparity.
"""
