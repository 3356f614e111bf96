"""``fairstream demo``: Kafka, a worker and a stream that becomes unfair, on this machine.

``command`` starts everything; ``run`` follows it until it is time to end; ``follow`` reads results and alerts in the
background; ``view`` draws the live table and describes alerts.
"""
