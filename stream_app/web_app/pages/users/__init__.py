"""The pages by which administrators manage users: ``user_list`` lists them, ``user_forms`` invites and changes them."""
