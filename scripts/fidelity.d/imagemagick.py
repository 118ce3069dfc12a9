# SPDX-License-Identifier: MIT
"""ImageMagick's convert: a picture made, blurred, turned, layered and quantized."""
GROUP = "others"
ENVIRONMENT = {"MAGICK_THREAD_LIMIT": "2", "OMP_NUM_THREADS": "2"}
COMMAND = ["convert-im6.q16", "-size", "1400x1000", "gradient:red-blue", "(", "+clone", "-swirl", "180", ")",
           "(", "-clone", "0", "-blur", "0x3", "-rotate", "20", ")", "-background", "black",
           "-layers", "merge", "-resize", "1200x900", "-colors", "64", "-resize", "150%",
           "png:/dev/null"]


def make_input(folder, random):
    pass
