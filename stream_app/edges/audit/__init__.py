"""The audit log on disk, and its witness.

``segments`` has the layout of the files, ``restoring`` what a writer reads of them when it starts, ``log`` is the
writer, which appends a ``batch`` at a time; ``reading`` reads entries for people. ``checkpoint_file`` keeps signed
checkpoints, ``key_files`` the signing keys, ``node_file`` the nodes of the tree that proofs need. ``witness_store`` is
the memory of a witness, ``witness_server`` its HTTP side, ``witness_client`` asks it for cosignatures.
``decision_store`` has decisions in Parquet.
"""
