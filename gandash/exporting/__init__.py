"""What can be taken out of a recorded run, as files: numbers, settings, a state, a script that plays it again,
a page that replays it.

Read from the run's folder, without torch: but for a state that no keyframe has, which is played.
"""
