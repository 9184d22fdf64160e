"""Small files made by other software, packed as text.

Made by R 4.2.2 with haven 2.5.1 of the subjects below: ``write_sas(d, ...)``, ``write_xpt(d, ..., version =
8, name = "subjects")`` and, after renaming to SUBJID, ARM, ICDT, RANDDT, TRTDT, SITE, AGE,
``write_xpt(d, ..., version = 5, name = "DM")``::

    d <- data.frame(
      subject_id = c("001", "002", "003"), arm = c("control", "active", "control"),
      consent_date = as.Date(c("2025-01-01", "2025-01-02", "2025-01-03")),
      randomised_date = as.Date(c("2025-01-05", "2025-02-05", "2025-03-05")),
      treatment_date = as.Date(c("2025-01-05", "2025-02-10", NA)),
      site = c("A", "A", "B"), age = c(63, 70.5, 0))
"""

from __future__ import annotations

import base64
import gzip


def _unpack(text: str) -> bytes:
    return gzip.decompress(base64.b64decode(text))


SAS_DATA_SET = _unpack(
    "H4sIAAAAAAACA+3awUvbUBwH8F+7gnXKVoeHMgSlXgorWzLHqCdbWUWhY0h72GFgYxM00qbQPsWb3d3T/oL9Ad48D8YuHsWT"
    "3rxLz1rYtHvJe6Hx0Uyh20H2/ZT0x/vl/V5DQsJLeUR9Py4+Vw4nJ46/fYnT6JG+n5xOTMwRpShCOv3R5K1WKV+aWVopFt7l"
    "y/lSoTwThu7g1ot+bWeLnef7UeGOlCCKKun5l5qu6e81Ht/w+LZoO9u7BAAAAAAAAAAAAAAAAAAA8D8a5x+is3HRSj+6vfe7"
    "zCeVqqLMMz8REaE7JmJZyddkfl/JZ2Q+p4zfeTw4fxCSr4XkMyH5zmjI+CF5AAAAgH/h5mfP81DqNyk2VL05ZH1lyPq/ff5+"
    "ifKeugbVm1LHo+RPrUf4FqMoyakpxb2vCD1T2s+VdiowdXbrZwP7Y/6EWpKH0uvPY6fk76XlcWRITOGz9NSLy/TEix/lWf1E"
    "yqsAXcsxK4Gcuta3tb2+ZVXZmm0SGc06VRtOy3LYmmkwq2k4ZqNutyzTaxJrWgar+3t5rc0sY8Ny1wUX/O2S889Z0BV3n2vy"
    "IngNBhi5a4DE4HRPgacXPEgRcWdoms5vVdZs1NxW+9Wp9+Boa/0oluW3P+Q07bVRZfaOJf4gkF1zWdl13u/6dZV3nQuMSnK0"
    "3IKIdNLdW8QVAAAAAAAAABjabxgu1QIAQAAA"
)

TRANSPORT_8 = _unpack(
    "H4sIAAAAAAACA/NwdXRxDVIIcnX2D3LRggAfT6cwCwUFBQ9kOUUIMMALFBSCHYMVQACJBhqnoGCmZ2AG4icVp5joGSngBEaG"
    "fv5hRmZWhqZWBoZWhibofAUKgQcW//q6+oI9TJR/Dc3gLBMD7Oa5BDsHhAANpCT8ikuTslKTS4px+QOozsUxxBEjXAci/Pwc"
    "fYMJ+tccu38ZmBgYGJgZGKH+jSfVPQxQgM6HmZeZgl8fCgC5hZ2BKbEol6ywweEWZkLmYXULIxBzMDAn5+cVp+YRHy7AROEK"
    "NxNoBgqfgYELZl5KYkkqiW5hKUrMS8nPzSymkluEYOalpmB3Dh63sJYUpSaW5KbmUcktUjDzcIUMzvTCyMBWnIk9LMlML0qE"
    "zMMTLuyJ6ankp11GDLcoEzIPm1OoXb74OwWTXR8Bi2lgki8pys9xidkHdp1LzCEU2tHJHuJsAwOjxOSSzLJUBZeY/VAlD6H0"
    "M6hStwaoUmO4qQegSv6CaT1oGDgRGRgAKsjzDoAHAAA="
)

TRANSPORT_5 = _unpack(
    "H4sIAAAAAAACA/NwdXRxDVIIcnX2D3LRggAfT6cgx6BIBQ9kOUUIMMALFBSCHYMVQACJBhqnoGCmZ2AG4icVp5joGSngBEaG"
    "fv5hRmZWhqZWBoZWhibofAUKgQcW//q6+joBxYjzr6EZnGVigN08l2DnoICQIIrCz8VXARZ+Lo4hjoM6/PwcfV2DCfnXHLt/"
    "GZgYGBiYGRiDQ528PF1Idw8DFKDzyQIgt7AzMDkG+ZIVNjjcwkyWWxiBmIOB2dPZJYQUNwATiyvcbqAZKHwGBi4K3MIS5Ojn"
    "QoprCLhFiAK3sIYEhZAUMATcIkV2emFkYAv2hJhFpfSiREG4sDu6u5Kfdhkx3KJMjlOoXb74OwVjyhFZngKL6eT8vJKi/ByX"
    "mH1g17nEHEKhHZ3sIc42MDBKTC7JLEtVcInZD1XyEEo/gyp1a4AqNYabegCq5C+Y1oOGgRORgQEA1xbN4oAHAAA="
)
