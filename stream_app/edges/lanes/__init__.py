"""The exactly-once engine: a Faust transport of batches, lanes, transactions, state topics."""
