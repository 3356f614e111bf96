"""Records about amounts: ``values`` is what is known of those of a group, ``amount_results`` what is published."""
