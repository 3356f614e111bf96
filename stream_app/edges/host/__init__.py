"""This machine: what is common to all programs that run on it.

``logs`` writes the process log, ``library_logs`` decides what it shows of the messages of libraries, and
``client_logs`` sets the levels of the Kafka clients. ``standard_streams`` ends a command cleanly when its output cannot
be written. ``processes`` starts child processes that end with their parent,
``ports`` finds free TCP ports, ``http_server`` serves small pages. ``tasks`` makes sure that a canceled task ends.
``machine`` lists the installed components (``fairstream doctor``), ``optional_parts`` the extras. ``own_command`` says
how the program is called, ``account`` who runs it.
"""
