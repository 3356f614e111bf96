"""What the commands of a replay say to people.

``bisect``, ``mitigate`` and ``search`` describe the answers of those commands; ``amounts`` lists the groups that
``replay count`` counts where the decision is an amount.
"""
