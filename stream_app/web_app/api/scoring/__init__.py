"""The scoring model of the demo, and who asks it like somebody who wants a copy.

``model`` is the model, ``extraction`` says which patterns of queries suggest a copy, ``observed`` keeps the queries of
each token and raises the alarm.
"""
