"""The judge: closes windows of counts, tests every pair continuously, and writes results and alerts.

``step`` drives all models of one partition of the partials topic, ``model_judge`` one model; ``model_report`` is what
that did, ``report`` what a step shows after its commit; ``checks`` rejects partials that no worker writes, ``doubts``
says which wait for the next one. ``subjects`` says what is judged (decisions, outcomes, published counts), with the
sequential tests of ``monitors``, the records made by ``verdicts`` and those of ``publication``; ``observations`` is
what monitors report and verdicts describe, ``questions`` what is asked about outcomes and scores, ``budget`` how false
alarms are allocated; ``gate`` decides what of it readers may see. ``stored`` keeps the state, whose entries ``state``
names.
"""
