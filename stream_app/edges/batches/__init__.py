"""Record batches as a broker stores them, read so that nothing in them can stop a reader.

A client decides what is in a batch, and brokers check little of it. ``record_set`` divides a fetch response into
batches and reads their headers, ``decompression`` expands them up to a limit, ``legacy`` and ``records`` read records
that the client library rejects, ``columns`` gives records the form in which they are processed, ``portions`` reads one
batch, by the library's C code where that succeeds and record by record otherwise, and ``unpacking`` goes through the
batches of a response.
"""
