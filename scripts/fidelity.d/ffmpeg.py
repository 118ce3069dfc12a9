# SPDX-License-Identifier: MIT
"""ffmpeg: a test picture filtered and compressed with two threads."""
GROUP = "others"
COMMAND = ["ffmpeg", "-v", "error", "-nostdin", "-filter_threads", "2", "-f", "lavfi", "-i",
           "testsrc2=size=640x360:rate=25:duration=8", "-vf", "hue=s=2,rotate=0.1", "-c:v",
           "libx264", "-preset", "fast", "-threads", "2", "-f", "null", "-"]


def make_input(folder, random):
    pass
