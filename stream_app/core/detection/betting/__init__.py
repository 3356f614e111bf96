"""The bets of the e-detectors: alternatives, blocks of decisions and their e-values.

``usual_rates`` are the rates before a block, ``alternatives`` the rates that are bet on, ``null_point`` their
projection on the rule, ``block`` the e-value of a block, with the proof, ``worst_case`` the lowest one whatever the
unknown groups are; ``bettor`` does it all for many detectors, a period at a time. ``sub_bernoulli`` is the evidence
about a single rate. Where decisions depend on one another, or belong to a group by a probability only, ``contrasts``
says what is compared: ``units`` is the e-value where each independent part is known, ``moments`` where two sums over
them are, both with the proof. ``unit_bettor`` bets by ``units`` for many detectors, ``memberships`` by ``moments``
where groups are known by probabilities.
"""
