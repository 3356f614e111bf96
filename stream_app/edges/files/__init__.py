"""Files on disk: keys, counts, exports, runs, audit, dashboards."""
