"""Commands that write events to a raw topic.

``simulated`` makes loans, credit decisions and camera tracks; ``cameras`` the frames of cameras as vendors write them,
``allocations`` hours of patrols, ``rates`` interest rates; ``recorded`` sends the two data sets; ``csv_file`` sends any
CSV file, with its flags in ``csv_flags``. They share ``destination``, which chooses the topic, and ``sending``, which
sends a stream and sums it up.
"""
