"""Export of single records, with an audit entry before and after."""
