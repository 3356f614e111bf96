"""The page of cameras: ``camera_page`` shows published counts, ``budget`` what those of a day have cost."""
