"""Files on disk, one kind per module.

``key_file`` stores the root keys of the pseudonyms, ``fernet_key`` that of alert texts. ``run_folder`` contains replay
runs, ``record_file`` exported records. ``count_file`` reads counts, ``json_lines`` reads sample records. ``dashboards``
copies the Grafana dashboards. ``reading`` opens any input, ``writing`` writes every file in one step; ``durability``
waits until data is on the disk. ``installation`` lists what of FairStream is in a state folder, and deletes it.
"""
