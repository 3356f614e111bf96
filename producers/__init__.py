"""Event generators and data-set streams that write to the raw topics.

``simulated`` has the generators, ``recorded`` the data sets and CSV files; both yield an ``event`` at a time of the
``timeline``. ``fit`` checks events against a policy before they are sent, ``pacing`` sends at a steady rate, and
``publish`` is the Kafka client. Of ``stream_app`` they import only policy, topics and errors.
"""
