"""Metadata of cameras, as their vendors write it, turned into camera events: a few allowed fields, and nothing else.

``adapter`` reads the records of one layout. ``onvif``, ``axis``, ``deepstream`` and ``frigate`` each know the layouts
of one vendor; ``onvif_xml`` turns XML into the tree that ``onvif`` reads. ``tree`` reads single values, ``sightings``
is what is read of an object, ``classes`` are the classes of objects, and ``leaks`` counts what is left behind.
``joined_tracks`` knows which tracks are one object.
"""
