"""What is judged: decisions, outcomes or published counts."""
