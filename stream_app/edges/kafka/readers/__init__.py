"""Plain readers of topics: no group, no commit, committed records only."""
